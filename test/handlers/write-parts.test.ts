import { describe, expect, it } from 'vitest';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import type { ObjectStore } from '../../functions/ports.ts';
import { writeParts } from '../../functions/write-parts.ts';

const parts = (...texts: string[]) => texts.map((text) => new TextEncoder().encode(text));

describe('an object made in parts', () => {
  it('holds them end to end, and stays as it is while the room serves others', async () => {
    const { objects } = memoryPorts();
    await writeParts(objects, 'long', parts('one ', 'and ', 'another'), 'text/plain');
    await writeParts(objects, 'short', parts('two'), 'text/plain');
    expect(new TextDecoder().decode(await objects.read('long'))).toBe('one and another');
    expect(new TextDecoder().decode(await objects.read('short'))).toBe('two');
  });

  it('has a room of its own while another is being written', async () => {
    const { objects } = memoryPorts();
    const slow: ObjectStore = {
      ...objects,
      write: async (key, body) => {
        await new Promise((resolve) => setImmediate(resolve));
        await objects.write(key, body);
      },
    };
    const keys = ['a', 'b', 'c'];
    await Promise.all(keys.map((key) => writeParts(slow, key, parts(key, key), 'text/plain')));
    const texts = await Promise.all(keys.map((key) => objects.read(key)));
    expect(texts.map((text) => new TextDecoder().decode(text))).toEqual(['aa', 'bb', 'cc']);
  });
});
