import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Delimiter, TextEncoding } from '../functions/contracts/table-layout.ts';
import type { TableReport } from '../functions/tables/table-report.ts';
import { count, print, printJson } from './terminal.ts';

interface InspectOptions {
  readonly sheet?: string;
  readonly encoding?: TextEncoding;
  readonly delimiter?: Delimiter;
  readonly json?: boolean;
}

const ENCODINGS: Readonly<Record<string, TextEncoding>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'windows-1252': 'windows-1252',
  cp1252: 'windows-1252',
  'latin-1': 'windows-1252',
  latin1: 'windows-1252',
  'iso-8859-1': 'windows-1252',
};

function encoding(text: string): TextEncoding {
  const found = ENCODINGS[text.toLowerCase()];
  if (found === undefined) {
    throw new InvalidArgumentError(`Expected one of ${Object.keys(ENCODINGS).join(', ')}.`);
  }
  return found;
}

function delimiter(text: string): Delimiter {
  const sign = text === 'tab' || text === '\\t' ? '\t' : text;
  if (sign !== ',' && sign !== ';' && sign !== '\t' && sign !== '|') {
    throw new InvalidArgumentError('Expected , or ; or | or tab.');
  }
  return sign;
}

/** `tessella inspect`: what is in a file and what is wrong with it, without running anything. */
export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .description('report the columns of a table and the quality of its data; nothing is run or changed')
    .argument(
      '<table>',
      'CSV, TSV or blank-separated text, JSON Lines, Parquet, Arrow/Feather or xlsx; plain or .gz',
    )
    .option('--sheet <name>', 'sheet of a spreadsheet; default: the first')
    .addOption(new Option('--encoding <name>', 'encoding of a text; default: detected').argParser(encoding))
    .addOption(
      new Option('--delimiter <sign>', 'delimiter of a text; default: detected').argParser(delimiter),
    )
    .option('--json', 'print machine-readable JSON, and nothing else, on stdout')
    .action(async (file: string, options: InspectOptions) => {
      const { stageOnStderr } = await import('./cluster-stage.ts');
      const stage = stageOnStderr();
      try {
        const report = await inspectFile(file, options, (share, rows) => {
          stage.show(`reading ${file}: ${Math.round(100 * share)} %, ${count(rows)} rows …`);
        });
        stage.clear();
        if (options.json) printJson(report);
        else {
          const { inspectText } = await import('./inspect-text.ts');
          print(inspectText(report));
        }
      } finally {
        stage.clear();
      }
    });
}

/**
 * Reads a file once and reports on it; rows that cannot be read are counted, not fatal.
 * @param onProgress told the share of the file that is read, 0..1, and the rows so far
 * @throws InvalidRequestError when there is no such file
 * @throws InvalidDatasetError when its bytes are no table
 */
export async function inspectFile(
  file: string,
  options: Omit<InspectOptions, 'json'> = {},
  onProgress: (share: number, rows: number) => void = () => {},
): Promise<TableReport> {
  const [{ openFile }, { openTable }, { readTable }, { TableProfile }, { tableReport }] = await Promise.all([
    import('./table-file.ts'),
    import('../functions/tables/open-table.ts'),
    import('../functions/tables/read-table.ts'),
    import('../functions/tables/table-profile.ts'),
    import('../functions/tables/table-report.ts'),
  ]);
  let bytesRead = 0;
  await using source = await openFile(file, (bytes) => {
    bytesRead = bytes;
  });
  const layout = await openTable(source, options);
  const profile = new TableProfile(layout.header);
  const onReject = (row: Parameters<typeof profile.reject>[0]) => profile.reject(row);
  for await (const batch of readTable(source, layout, { onReject })) {
    profile.add(batch);
    onProgress(Math.min(1, bytesRead / Math.max(1, source.size)), profile.nRows);
  }
  return tableReport(file, layout, profile);
}
