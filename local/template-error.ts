/** The synthesized template holds something that this machine cannot run as AWS would; thrown before anything starts. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** One line per thing that is wrong. */
  readonly problems: readonly string[];

  constructor(message: string, problems: readonly string[] = []) {
    super([message, ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.problems = problems;
  }
}
