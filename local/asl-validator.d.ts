/** The package ships no types; this is the part that is used. It writes into the definition it is given. */
declare module 'asl-validator' {
  function aslValidator(
    definition: unknown,
    options?: { readonly checkArn?: boolean; readonly checkPaths?: boolean },
  ): { readonly isValid: boolean; errorsText(separator?: string): string };
  export = aslValidator;
}
