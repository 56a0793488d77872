import type { z } from 'zod';
import {
  exploreOptions,
  type PurchasingCustomer,
  parentSchema,
  purchasingCustomerSchema,
} from './contracts/drilldown.ts';
import { MOST_UPLOADED_CUSTOMERS } from './contracts/drilldown-runs.ts';
import { purchasingOptions } from './contracts/purchasing-segmentation.ts';
import type { UploadManifest } from './contracts/uploads.ts';
import { gunzip, isGzip } from './decompress/gunzip.ts';
import { InvalidDatasetError } from './errors.ts';
import { IdLabels } from './id-labels.ts';
import { jsonPieces, textLines } from './json-pieces.ts';
import type { ObjectStore } from './ports.ts';

/** Most bytes of an upload after unpacking: a document is read twice, and slower than lines. */
export const MOST_UNPACKED_BYTES: Readonly<Record<UploadManifest['contentType'], number>> = {
  'application/json': 1024 ** 3,
  'application/x-ndjson': 8 * 1024 ** 3,
};

/** A file of customers in the object store. */
export interface CustomerFile {
  readonly key: string;
  readonly contentType: UploadManifest['contentType'];
}

/** A customer with its parent; parents are 0 where nobody asks for labels. */
export interface ParentedCustomer {
  readonly customer: PurchasingCustomer;
  readonly parent: number;
}

/** Fields that belong into the request; a document may not hold them, since they would count for nothing. */
const OPTIONS = [...new Set([...Object.keys(exploreOptions), ...Object.keys(purchasingOptions)])];

/**
 * The customers of an uploaded file in its order, one at a time; memory grows by 50 bytes a customer.
 * @param withLabels whether each customer needs a parent, under `labels` of the document or as `label` of its line
 * @throws InvalidDatasetError naming the first customers at fault: by pointer, or by line
 */
export function uploadedCustomers(
  objects: ObjectStore,
  file: CustomerFile,
  withLabels: boolean,
): AsyncGenerator<ParentedCustomer> {
  return file.contentType === 'application/json'
    ? customersOfDocument(objects, file, withLabels)
    : customersOfLines(objects, file, withLabels);
}

async function* customersOfDocument(objects: ObjectStore, file: CustomerFile, withLabels: boolean) {
  const faults = new Faults();
  const labels = new IdLabels();
  const pieces = () =>
    jsonPieces(unpacked(objects, file), { within: ['customers', 'labels'], fields: OPTIONS });
  if (withLabels) {
    for await (const { of, key, value } of pieces()) {
      if (of !== 'labels') continue;
      const label = parentSchema.safeParse(value);
      if (typeof key !== 'string') faults.add('/labels', 'expected an object: customer id → parent');
      else if (!label.success) faults.addIssues(label.error, `/labels/${pointerPart(key)}`);
      // Of a name that stands there twice JSON readers take the last; here it is no label at all.
      else if (!labels.add(key, label.data)) faults.add(`/labels/${pointerPart(key)}`, 'stands there twice');
    }
  }
  let row = 0;
  for await (const { of, key, value } of pieces()) {
    if (of === undefined) faults.add(`/${key}`, 'this option belongs into the request, not into the file');
    if (of !== 'customers') {
      if (of === 'labels' && !withLabels) faults.add('/labels', 'a first segmentation takes no labels');
      continue;
    }
    if (typeof key !== 'number') faults.add('/customers', 'expected an array');
    const parsed = purchasingCustomerSchema.safeParse(value);
    if (!parsed.success) faults.addIssues(parsed.error, `/customers/${row}`);
    else {
      const { id } = parsed.data;
      const isNew = withLabels || labels.add(id, 0);
      const parent = withLabels ? labels.take(id) : isNew ? 0 : 'twice';
      if (parent === undefined) faults.add(`/customers/${row}/id`, `no label for ${quoted(id)}`);
      else if (parent === 'twice')
        faults.add(`/customers/${row}/id`, `the id ${quoted(id)} stands there twice`);
      else yield { customer: parsed.data, parent };
    }
    row++;
    checkCount(row);
  }
  if (withLabels && labels.size > row) {
    for await (const { of, key } of pieces()) {
      if (of === 'labels' && !labels.isTaken(String(key)))
        faults.add(`/labels/${pointerPart(String(key))}`, `no customer ${quoted(String(key))}`);
    }
  }
  faults.finish(row);
}

async function* customersOfLines(objects: ObjectStore, file: CustomerFile, withLabels: boolean) {
  const schema = purchasingCustomerSchema.extend(withLabels ? { label: parentSchema } : {});
  const faults = new Faults();
  const ids = new IdLabels();
  let count = 0;
  for await (const { text, line } of textLines(unpacked(objects, file))) {
    count++;
    checkCount(count);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      faults.add('', 'not valid JSON: write one object per line', line);
      continue;
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      faults.addIssues(parsed.error, '', line);
      continue;
    }
    const { label: parent = 0, ...customer } = parsed.data as PurchasingCustomer & { label?: number };
    if (ids.add(customer.id, 0)) yield { customer, parent };
    else faults.add('/id', `the id ${quoted(customer.id)} stands there twice`, line);
  }
  faults.finish(count);
}

/** The bytes of the file, unpacked where they are gzip, whatever its name says. */
async function* unpacked(objects: ObjectStore, { key, contentType }: CustomerFile) {
  const packed = isGzip(await objects.read(key, { start: 0, end: 2 }));
  const most = MOST_UNPACKED_BYTES[contentType];
  let bytes = 0;
  for await (const chunk of packed ? gunzip(objects.stream(key), 'the uploaded file') : objects.stream(key)) {
    bytes += chunk.length;
    if (bytes > most) {
      throw new InvalidDatasetError(
        `The uploaded file is larger than ${most} bytes after unpacking, at most so many are read of ${contentType}. Send fewer customers, or one customer a line as application/x-ndjson.`,
        { reason: 'too_large_unpacked', limitBytes: most },
      );
    }
    yield chunk;
  }
}

function checkCount(count: number): void {
  if (count <= MOST_UPLOADED_CUSTOMERS) return;
  throw new InvalidDatasetError(
    `The uploaded file holds more than ${MOST_UPLOADED_CUSTOMERS} customers. Split it by parent into several.`,
    { reason: 'too_many_customers', limit: MOST_UPLOADED_CUSTOMERS },
  );
}

/** Most faults that are told; after so many the file is not read on. */
const MOST_FAULTS = 20;

/** Collects what is wrong with a file, so that one look tells more than the first fault. */
class Faults {
  readonly #errors: { readonly pointer: string; readonly detail: string; readonly line?: number }[] = [];

  add(pointer: string, detail: string, line?: number): void {
    const last = this.#errors.at(-1);
    // A fault of the whole list shows at each of its elements.
    if (line === undefined && last?.pointer === pointer && last.detail === detail) return;
    this.#errors.push({ pointer, detail, ...(line !== undefined && { line }) });
    if (this.#errors.length >= MOST_FAULTS) this.#fail();
  }

  addIssues({ issues }: z.ZodError, root: string, line?: number): void {
    for (const { path, message } of issues)
      this.add(root + path.map((part) => `/${pointerPart(String(part))}`).join(''), message, line);
  }

  /** @throws InvalidDatasetError where anything was wrong, or no customer was found */
  finish(customers: number): void {
    if (this.#errors.length > 0) this.#fail();
    if (customers > 0) return;
    throw new InvalidDatasetError(
      'The uploaded file holds no customer. Send a document { "customers": […], "labels": {…} }, or one customer a line as application/x-ndjson.',
      { reason: 'no_customers' },
    );
  }

  #fail(): never {
    const told = this.#errors.map(({ pointer, detail, line }) =>
      line === undefined ? `${pointer}: ${detail}` : `line ${line}${pointer && `, ${pointer}`}: ${detail}`,
    );
    const first = this.#errors[0]?.line;
    throw new InvalidDatasetError(
      `The uploaded file is not as it should be: ${told.join('; ')}. Correct it, upload it again and send the new upload_id.`,
      { reason: 'invalid_customers', errors: this.#errors, ...(first !== undefined && { line: first }) },
    );
  }
}

const pointerPart = (text: string) => text.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
const quoted = (id: string) => JSON.stringify(id.length > 64 ? `${id.slice(0, 64)}…` : id);
