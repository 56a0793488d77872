/**
 * Copies chosen rows one after another, whole vectors at a time: up to 12 bytes are read past a row and written past the
 * last one.
 *
 * @param rows IN f32 [][nFeatures], with 12 readable bytes after the last row
 * @param samples IN i32 [count] row numbers
 * @param target OUT f32 [count][nFeatures], with 12 writable bytes after the last row
 * Cost: one read and one write of the chosen rows.
 */
export function gather_rows_f32(rows: usize, nFeatures: i32, samples: usize, count: i32, target: usize): void {
  const rowBytes = <usize>nFeatures << 2;
  const end = samples + (<usize>count << 2);
  let to = target;
  for (let sample = samples; sample < end; sample += 4) {
    let from = rows + <usize>load<i32>(sample) * rowBytes;
    const next = to + rowBytes;
    for (; to < next; to += 16, from += 16) v128.store(to, v128.load(from));
    to = next;
  }
}
