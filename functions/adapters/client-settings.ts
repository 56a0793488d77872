/** A call that gets no answer is given up and retried: no operation of ours takes this long. */
const CONNECT_MS = 3000;
const ANSWER_MS = 15_000;
/** Also the pause a reader may make between two chunks of a streamed object. */
const OBJECT_MS = 60_000;

const requestHandler = {
  connectionTimeout: CONNECT_MS,
  requestTimeout: ANSWER_MS,
  throwOnRequestTimeout: true,
};

/** Settings of the clients of tables and workflows; region, credentials and endpoint come from the environment. */
export const clientSettings = { maxAttempts: 5, requestHandler };

/** Settings of the client of the object store. */
export const objectClientSettings = {
  maxAttempts: 5,
  requestHandler: { ...requestHandler, requestTimeout: OBJECT_MS, socketTimeout: OBJECT_MS },
};

/** Settings of the client that signs URLs: what a caller will send is not known, so that no checksum is signed. */
export const transferClientSettings = {
  ...objectClientSettings,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
} as const;
