import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sendPart } from '../../functions/adapters/memory-transfers.ts';
import { UPLOAD_PART_BYTES } from '../../functions/contracts/uploads.ts';
import { openApi } from './api-fixture.ts';

const PART = UPLOAD_PART_BYTES;
const MORE = 1000;

/** An upload of two parts, 16 MiB and 1,000 bytes. */
async function twoParts(api = openApi()) {
  const body = { fileName: 'customers.jsonl.gz', bytes: PART + MORE, contentType: 'application/x-ndjson' };
  const { json } = await api.call({ method: 'POST', path: '/v1/uploads', body });
  const send = (partNumber: number, size: number) =>
    sendPart(
      api.ports.contents.uploads,
      json.parts[partNumber - 1].url,
      new Uint8Array(size).fill(partNumber),
    );
  return { api, upload: json, send };
}

describe('POST /v1/uploads', () => {
  it('answers with a key of the tenant and one URL per part, good for an hour', async () => {
    const { upload } = await twoParts();
    expect(upload).toMatchObject({
      key: `uploads/acme/${upload.uploadId}/data`,
      bytes: PART + MORE,
      partBytes: PART,
      urlsExpireAt: '2026-02-03T05:05:06.000Z',
      complete: `/v1/uploads/${upload.uploadId}/complete`,
      abort: `/v1/uploads/${upload.uploadId}`,
    });
    expect(upload.parts).toMatchObject([
      { partNumber: 1, offset: 0, bytes: PART },
      { partNumber: 2, offset: PART, bytes: MORE },
    ]);
  });

  it('makes 320 parts of the largest file, which fit one answer of the API', async () => {
    const body = { bytes: 5 * 1024 ** 3 };
    const { json, body: text } = await openApi().call({ method: 'POST', path: '/v1/uploads', body });
    expect(json.parts).toHaveLength(320);
    expect(json.parts.at(-1)).toMatchObject({ offset: 319 * PART, bytes: PART });
    expect(text.length).toBeLessThan(1e6);
  });

  it.each([
    ['no size', {}, '/bytes'],
    ['an empty file', { bytes: 0 }, '/bytes'],
    ['more than 5 GiB', { bytes: 5 * 1024 ** 3 + 1 }, '/bytes'],
    ['a file that is no JSON', { bytes: 1, contentType: 'text/csv' }, '/contentType'],
    ['an encoding that is not known', { bytes: 1, contentEncoding: 'br' }, '/contentEncoding'],
  ])('fails for %s, pointing at the field', async (_what, body, pointer) => {
    const { statusCode, json } = await openApi().call({ method: 'POST', path: '/v1/uploads', body });
    expect(statusCode).toBe(400);
    expect(json.errors).toEqual([expect.objectContaining({ pointer })]);
  });

  it('fails for a key without the scope', async () => {
    const body = { bytes: 1 };
    const { statusCode } = await openApi().call({
      method: 'POST',
      path: '/v1/uploads',
      body,
      scopes: ['runs:write'],
    });
    expect(statusCode).toBe(403);
  });
});

describe('POST /v1/uploads/{uploadId}/complete', () => {
  const complete = ({ api, upload }: Awaited<ReturnType<typeof twoParts>>) =>
    api.call({ method: 'POST', path: upload.complete });

  it('puts the parts together, and says the same when it is asked again', async () => {
    const started = await twoParts();
    started.send(2, MORE);
    started.send(1, PART);
    const { statusCode, json } = await complete(started);
    expect([statusCode, json.status]).toEqual([200, 'complete']);
    const stored = started.api.ports.contents.objects.get(started.upload.key)!;
    expect([stored.length, stored[0], stored.at(-1)]).toEqual([PART + MORE, 1, 2]);
    expect((await complete(started)).json).toEqual(json);
  });

  it('fails while a part is missing or of another size, naming it, and goes on afterwards', async () => {
    const started = await twoParts();
    started.send(1, PART);
    const missing = await complete(started);
    expect(missing.json).toMatchObject({ status: 409, reason: 'parts_missing', parts: [2] });
    started.send(2, MORE + 1);
    expect((await complete(started)).json.parts).toEqual([2]);
    started.send(2, MORE);
    expect((await complete(started)).statusCode).toBe(200);
  });

  it('fails for an upload that is unknown, aborted, or of another tenant', async () => {
    const started = await twoParts();
    started.send(1, PART);
    started.send(2, MORE);
    const other = await started.api.call({
      method: 'POST',
      path: started.upload.complete,
      tenant: 'other',
    });
    expect(other.json).toMatchObject({ status: 404, reason: 'no_such_upload' });
    const aborted = await started.api.call({ method: 'DELETE', path: started.upload.abort });
    expect(aborted.json.status).toBe('aborted');
    expect((await complete(started)).statusCode).toBe(404);
    const unknown = `/v1/uploads/${randomUUID()}/complete`;
    expect((await started.api.call({ method: 'POST', path: unknown })).statusCode).toBe(404);
    const malformed = await started.api.call({ method: 'POST', path: '/v1/uploads/..%2Fother/complete' });
    expect(malformed.statusCode).toBe(400);
  });
});

describe('DELETE /v1/uploads/{uploadId}', () => {
  it('forgets the parts, and may be called again', async () => {
    const { api, upload, send } = await twoParts();
    send(1, PART);
    for (let times = 0; times < 2; times++) {
      expect((await api.call({ method: 'DELETE', path: upload.abort })).statusCode).toBe(200);
    }
    expect(api.ports.contents.uploads.size).toBe(0);
  });

  it('fails for an upload that is complete', async () => {
    const { api, upload, send } = await twoParts();
    send(1, PART);
    send(2, MORE);
    await api.call({ method: 'POST', path: upload.complete });
    const { json } = await api.call({ method: 'DELETE', path: upload.abort });
    expect(json).toMatchObject({ status: 409, reason: 'upload_complete' });
  });
});
