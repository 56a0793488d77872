import { InvalidDatasetError } from '../errors.ts';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
/** Size of an end of directory without its comment, which takes up to 64 KiB. */
const END_BYTES = 22;
const ENTRY_BYTES = 46;

/** Archives smaller than this may be packed as tightly as they like. */
const HARMLESS_BYTES = 64 * 1024 * 1024;
/** Sheets are packed 10 to 30 times. */
const MOST_RATIO = 100;

/**
 * Refuses a zip archive that announces far more bytes than spreadsheets of its size hold, before any are unpacked
 * (directory as in APPNOTE.TXT, 4.3.12). What is no archive at all is left to its reader.
 * @throws InvalidDatasetError with the reason `zip_bomb`
 */
export function refuseZipBomb(file: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - END_BYTES;
  const first = Math.max(0, end - 0xffff);
  while (end >= first && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  if (end < first) return;
  let unpacked = 0;
  for (let at = view.getUint32(end + 16, true); at + ENTRY_BYTES <= end; ) {
    if (view.getUint32(at, true) !== DIRECTORY_ENTRY) break;
    unpacked += view.getUint32(at + 24, true);
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    at += ENTRY_BYTES + name! + extra! + comment!;
  }
  if (unpacked <= HARMLESS_BYTES || unpacked <= MOST_RATIO * bytes.length) return;
  throw new InvalidDatasetError(
    `${file} holds ${unpacked} bytes in ${bytes.length}, more than ${MOST_RATIO} times its size, which no spreadsheet of data ` +
      'does. Save the sheet as CSV.',
    { file, reason: 'zip_bomb' },
  );
}
