import { beforeAll, describe, expect, it } from 'vitest';
import { qualityText } from '../../cli/quality-text.ts';
import type { QualityAnswer } from '../../functions/contracts/quality.ts';
import { openApi } from '../routes/api-fixture.ts';
import { leadsCsv, madeUpLeads } from '../support/leads-csv.ts';
import { runWorkflow } from '../support/run-workflow.ts';

describe('the quality report of a run, as text', () => {
  const { call, ports } = openApi();
  const reportOn = async (text: string): Promise<QualityAnswer> => {
    const key = 'drop/acme/leads/leads.csv';
    await ports.objects.write(key, new TextEncoder().encode(text));
    const { plan, error } = await runWorkflow(ports, { trigger: 'drop', key });
    if (error) throw error;
    return (await call({ path: `/v1/runs/${plan!.run!.runId}/quality` })).json as QualityAnswer;
  };
  let first: QualityAnswer;
  let second: QualityAnswer;
  beforeAll(async () => {
    const spoilt = leadsCsv(madeUpLeads(400)).replace('lead-7,', ',').replace('lead-9,', 'lead-9,"",');
    first = await reportOn(spoilt.replaceAll('facebook', 'Select'));
    second = await reportOn(leadsCsv(madeUpLeads(400, { seed: 2, brazil: 0.95 })));
  });

  it('tells rows that were left out by rule, with their lines, masked, and where they lie', () => {
    const text = qualityText(first, 'runs/acme/leads/r/artifacts/rejected_rows.arrow');
    expect(text).toMatch(/^Run r[0-9a-f]+: leads, 398 entities, named by "lead_id"/);
    expect(text).toMatch(/leads\.csv: csv, utf-8, 7 columns/);
    expect(text).toMatch(/400 rows read, 398 used, 2 left out\n/);
    expect(text).toMatch(/missing_id 1\n {4}leads\.csv, line 9: ,9999-99-99/);
    expect(text).toMatch(/ragged_row 1\n {4}leads\.csv, line 11: aaaa-9,/);
    expect(text).toMatch(/all of them: runs\/acme\/leads\/r\/artifacts\/rejected_rows\.arrow/);
    expect(text).not.toMatch(/lead-9/);
  });

  it('tells columns, words read as missing, and what features do', () => {
    const text = qualityText(first);
    expect(text).toMatch(/behavior_score +│ number +│ +6\.\d% │/);
    expect(text).toMatch(/read as missing: "Select" of utm_source \(word, \d+ rows of the sample\)/);
    expect(text).toMatch(/│ behavior_score +│ \w+ +│ +\d+\.\d% │ +\d+\.\d% │/);
    expect(text).toMatch(/drift: /);
  });

  it('names the columns that moved since the run that was served', () => {
    const text = qualityText(second);
    expect(text).toContain(`drift since run ${first.runId}: `);
    expect(text).toMatch(/│ country .*shifted: PSI \d/);
    expect(text).not.toMatch(/│ ltv_class .*PSI/);
  });

  it('hands no control character of the data to the terminal', () => {
    const [column, ...columns] = first.report.columns;
    const report = { ...first.report, columns: [{ ...column!, name: 'a\u001b[31mb\r' }, ...columns] };
    const text = qualityText({ ...first, report });
    expect(text).toContain('a\ufffd[31mb');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
