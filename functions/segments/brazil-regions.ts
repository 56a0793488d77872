/** The five regions of Brazil (IBGE) as segment names spell them. */
export const BRAZIL_REGIONS = ['Norte', 'Nordeste', 'Centro-Oeste', 'Sudeste', 'Sul'] as const;
export type BrazilRegion = (typeof BRAZIL_REGIONS)[number];

const STATES: Readonly<Record<BrazilRegion, string>> = {
  Norte: 'AC Acre|AM Amazonas|AP Amapá|PA Pará|RO Rondônia|RR Roraima|TO Tocantins',
  Nordeste:
    'AL Alagoas|BA Bahia|CE Ceará|MA Maranhão|PB Paraíba|PE Pernambuco|PI Piauí|RN Rio Grande do Norte|SE Sergipe',
  'Centro-Oeste': 'DF Distrito Federal|GO Goiás|MS Mato Grosso do Sul|MT Mato Grosso',
  Sudeste: 'ES Espírito Santo|MG Minas Gerais|RJ Rio de Janeiro|SP São Paulo',
  Sul: 'PR Paraná|RS Rio Grande do Sul|SC Santa Catarina',
};

const bySpelling = new Map(
  BRAZIL_REGIONS.flatMap((region) =>
    STATES[region].split('|').flatMap((state) => {
      const uf = state.slice(0, 2);
      const found = { uf, region };
      return [[plain(uf), found] as const, [plain(state.slice(3)), found] as const];
    }),
  ),
);

/** The Brazilian state that a text names, by its abbreviation or its name with or without accents; undefined for others. */
export function brazilianState(
  text: string,
): { readonly uf: string; readonly region: BrazilRegion } | undefined {
  return bySpelling.get(plain(text));
}

function plain(text: string): string {
  return text.trim().normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
