import { Random } from '../../functions/stats/random.ts';

/** A made-up lead, as its file holds it. */
export type Lead = Readonly<Record<string, string>>;

/** Three kinds of leads in a file order without meaning; some scores are missing. */
export function madeUpLeads(n: number, { seed = 1, brazil = 0.5 } = {}): Lead[] {
  const random = new Random(seed);
  return Array.from({ length: n }, (_, i) => {
    const kind = i % 3;
    const near = (middle: number) => (middle + 10 * random.uniform()).toFixed(2);
    const day = 1 + ((i * 7) % 28);
    return {
      lead_id: `lead-${i}`,
      created_at: `2026-01-${String(day).padStart(2, '0')} ${String((i * 5) % 24).padStart(2, '0')}:30:00`,
      ltv_class: ['Low', 'Medium', 'High'][kind]!,
      behavior_score: i % 17 === 0 ? '' : near([10, 45, 80][kind]!),
      engagement_score: near([20, 50, 75][kind]!),
      country: random.uniform() < brazil ? 'BR' : 'US',
      utm_source: ['facebook', 'google', 'tiktok'][random.integer(3)]!,
    };
  });
}

/** Leads as a CSV file. */
export function leadsCsv(leads: readonly Lead[]): string {
  const names = Object.keys(leads[0]!);
  return `${[names, ...leads.map((lead) => Object.values(lead))].map((row) => row.join(',')).join('\n')}\n`;
}
