import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { main as compile } from 'assemblyscript/asc';

/**
 * Compiles the AssemblyScript kernels and wraps both builds as one ES module of base64 text, so that bundles, tests
 * and the CLI load them the same way, without a file system. The typed list of exports comes from the compiler.
 */
const OUT = 'build';

async function build(target: 'relaxed' | 'strict', file: string): Promise<string> {
  const { error, stderr } = await compile(['--config', 'asconfig.json', '--target', target]);
  if (error) throw new Error(`The ${target} kernels do not compile:\n${stderr.toString()}`);
  return (await readFile(`${OUT}/${file}`)).toString('base64');
}

/** Function declarations of the compiler's binding file; the memory is ours, not an export. */
function exportsInterface(bindings: string): string {
  const methods = [...bindings.matchAll(/^ {2}\/\*\*[\s\S]*?\*\/\n {2}export function (.*);$/gm)];
  const lines = methods.map(([, signature]) => `  ${signature};`);
  return ['export interface KernelExports {', ...lines, '}'].join('\n');
}

await mkdir(OUT, { recursive: true });
const relaxed = await build('relaxed', 'kernels.wasm');
const strict = await build('strict', 'kernels-strict.wasm');
const signatures = exportsInterface(await readFile(`${OUT}/kernels.d.ts`, 'utf8'));

await writeFile(
  `${OUT}/kernels-wasm.js`,
  [
    "const bytes = (text) => Buffer.from(text, 'base64');",
    `export const relaxedKernels = () => bytes('${relaxed}');`,
    `export const strictKernels = () => bytes('${strict}');`,
    '',
  ].join('\n'),
);
await writeFile(
  `${OUT}/kernels-wasm.d.ts`,
  [
    '/** Every kernel, as the compiler declares it. Addresses and sizes are bytes unless a kernel says otherwise. */',
    signatures,
    '/** Bytes of the build with relaxed SIMD (fused multiply-add). */',
    'export function relaxedKernels(): Uint8Array<ArrayBuffer>;',
    '/** Bytes of the build with strict IEEE 754 rounding of every operation. */',
    'export function strictKernels(): Uint8Array<ArrayBuffer>;',
    '',
  ].join('\n'),
);
console.log(`kernels: relaxed ${relaxed.length >> 10} KiB, strict ${strict.length >> 10} KiB (base64)`);
