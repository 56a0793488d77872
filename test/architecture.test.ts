import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..');

interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const FOLDERS = ['functions', 'wasm', 'infra', 'local', 'cli', 'bench', 'test'];

const sources: SourceFile[] = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .filter((path) => /\.(ts|mjs|js)$/.test(path) && !path.includes('node_modules'))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
);

/** Rooms that take data and return data. */
const PURE = [
  'tables',
  'arrow',
  'stats',
  'features',
  'clustering',
  'segments',
  'segmentation',
  'drilldown',
  'campaigns',
  'forecast',
  'experiments',
];
/** `decompress` is the one room below the domain that knows a module of Node.js: zlib, which is bytes in and bytes out. */
const FLOOR = ['errors', 'contracts', 'stats', 'arrow', 'decompress'];
const DOMAIN = [
  'tables',
  'features',
  'clustering',
  'segments',
  'segmentation',
  'drilldown',
  'campaigns',
  'forecast',
  'experiments',
];

/** Which rooms a room may import besides itself. `shell` is every file directly in functions/ but errors. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  contracts: ['errors'],
  decompress: ['errors'],
  stats: FLOOR,
  arrow: FLOOR,
  kernels: [...FLOOR, 'build'],
  tables: [...FLOOR, 'kernels'],
  features: [...FLOOR, 'kernels', 'tables'],
  clustering: [...FLOOR, 'kernels', 'features'],
  segments: [...FLOOR, 'kernels', 'features', 'clustering'],
  segmentation: [...FLOOR, 'kernels', 'tables', 'features', 'clustering', 'segments'],
  drilldown: [...FLOOR, 'kernels', 'clustering'],
  forecast: FLOOR,
  campaigns: FLOOR,
  experiments: [...FLOOR, 'features'],
  threads: [...FLOOR, 'kernels', ...DOMAIN],
  shell: [...FLOOR, 'kernels', ...DOMAIN, 'threads', 'adapters'],
  adapters: [...FLOOR, 'shell'],
  routes: [...FLOOR, 'kernels', ...DOMAIN, 'shell'],
  handlers: [...FLOOR, 'kernels', ...DOMAIN, 'threads', 'shell', 'adapters', 'routes'],
  wasm: [],
  infra: ['contracts'],
  local: [],
  // The command line computes with the domain itself, and reaches a service from outside only.
  cli: [...FLOOR, 'kernels', ...DOMAIN, 'threads', 'local', 'package.json'],
};

/** The room of a file, or of what an import leads to. */
function roomOf(path: string): string {
  const [top = '', second = ''] = path.split('/');
  if (top !== 'functions') return top;
  if (second === 'errors.ts') return 'errors';
  return second.endsWith('.ts') ? 'shell' : second;
}

/** Everything a file imports, static or dynamic. */
function importsOf({ text }: SourceFile): string[] {
  const found = text.matchAll(
    /^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...found].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '');
}

const importedPath = ({ path }: SourceFile, specifier: string) => posix.join(dirname(path), specifier);

function importProblems(file: SourceFile): string[] {
  const room = roomOf(file.path);
  const allowed = MAY_IMPORT[room];
  if (!allowed) return [];
  return importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => importedPath(file, specifier))
    .filter((target) => {
      const to = roomOf(target);
      if (room === 'handlers' && to === 'handlers') return true;
      if (room === 'infra' && to === 'contracts') return !/contracts\/(env|workflow)\.ts$/.test(target);
      return to !== room && !allowed.includes(to);
    })
    .map(
      (target) => `${file.path} may not import ${target}: ${room} imports ${allowed.join(', ') || 'nothing'}`,
    );
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** What a pure room must not touch: the disk, the network, the clock, the environment, chance. */
function impurities(file: SourceFile): string[] {
  if (!PURE.some((room) => file.path.startsWith(`functions/${room}/`))) return [];
  const code = withoutComments(file.text);
  const words = [
    ...importsOf(file).filter((specifier) => /^(node:|@aws-sdk\/|@smithy\/)/.test(specifier)),
    ...(code.match(
      /\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\bprocess\.|\bperformance\.now\b|\bfetch\(/g,
    ) ?? []),
  ];
  return words.map((word) => `${file.path} uses ${word}`);
}

/**
 * Exported declarations without a comment before them. An interface may be explained by its members instead, and a
 * type that is read off a documented value needs no words.
 */
function undocumented({ path, text }: SourceFile): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const declared = /^export (?:async )?(function\*?|(?:abstract )?class|const|interface|type) (\w+)/.exec(
      line,
    );
    if (!declared || /^export type \w+ =\s*(z\.|\(?typeof|ReturnType<)/.test(line)) return [];
    const [, kind, name = ''] = declared;
    const body = lines.slice(index, lines.indexOf('}', index)).join('\n');
    const before = lines[index - 1]?.trim() ?? '';
    const isExplained =
      before.endsWith('*/') || (kind === 'interface' && body.includes('/**')) || isGrouped(before);
    return isExplained || name === 'handler' ? [] : [`${path}:${index + 1} ${name}`];
  });
}

/** The line before is an export too, so that one comment stands above the group (or the overloads). */
const isGrouped = (before: string) => /^export .*;$/.test(before);

function nameProblems({ path }: SourceFile): string[] {
  const name = basename(path).replace(/(\.test|\.d)?\.(ts|mjs|js)$/, '');
  const banned = /^(utils?|helpers?|common|misc|manager|base|impl)$/;
  if (name.split(/[-.]/).some((part) => banned.test(part))) return [`${path} says nothing by its name`];
  return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ? [] : [`${path} is not kebab-case`];
}

function sizeProblems({ path, text }: SourceFile): string[] {
  const limit = path.startsWith('test/') ? 450 : 350;
  const lines = text.split('\n').length - 1;
  return lines > limit
    ? [`${path} has ${lines} lines, at most ${limit} are allowed: give the new idea a file`]
    : [];
}

const of = (path: string, text: string): SourceFile => ({ path, text });

describe('the rooms', () => {
  it('hold source files at all', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(new Set(sources.map(({ path }) => roomOf(path)))).toContain('contracts');
  });

  it('import only what lies below them', () => {
    expect(sources.flatMap(importProblems)).toEqual([]);
  });

  it('belong to a known room of functions/', () => {
    const rooms = sources.filter(({ path }) => path.startsWith('functions/')).map(({ path }) => roomOf(path));
    expect([...new Set(rooms)].filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it('keep the AWS SDK in the adapters and the tools of a developer', () => {
    const users = sources.filter((file) =>
      importsOf(file).some((specifier) => specifier.startsWith('@aws-sdk/')),
    );
    expect(
      users.map(({ path }) => path).filter((path) => !/^(functions\/adapters|local|cli|test)\//.test(path)),
    ).toEqual([]);
  });

  it('are pure where they take data and return data', () => {
    expect(sources.flatMap(impurities)).toEqual([]);
  });

  it.each([
    ['an upward import', of('functions/stats/mean.ts', "import { x } from '../clustering/kmeans.ts';")],
    [
      'a lazy upward import',
      of('functions/segments/name.ts', "const x = await import('../adapters/s3.ts');"),
    ],
    ['one handler that imports another', of('functions/handlers/a.ts', "import { b } from './b.ts';")],
    [
      'infrastructure that imports code',
      of('infra/app.ts', "import { k } from '../functions/contracts/keys.ts';"),
    ],
    [
      'the local runtime importing source',
      of('local/s3.ts', "import {\n  a,\n} from '../functions/errors.ts';"),
    ],
  ])('fails for %s', (_, file) => {
    expect(importProblems(file)).toHaveLength(1);
  });

  it.each([
    ['the clock', 'const at = new Date();'],
    ['chance', 'const x = Math.random();'],
    ['the environment', 'const x = process.env.X;'],
    ['the disk', "import { readFile } from 'node:fs/promises';"],
  ])('fails for a pure room that reads %s', (_, text) => {
    expect(impurities(of('functions/features/rfm.ts', text))).toHaveLength(1);
    expect(impurities(of('functions/features/rfm.ts', `// ${text}\n/* ${text} */`))).toEqual([]);
  });
});

describe('the files', () => {
  it('are of a size to be read in one go', () => {
    expect(sources.flatMap(sizeProblems)).toEqual([]);
    expect(sizeProblems(of('infra/app.ts', '\n'.repeat(351)))).toHaveLength(1);
  });

  it('are named in kebab-case after what is in them', () => {
    expect(sources.flatMap(nameProblems)).toEqual([]);
    expect(nameProblems(of('infra/stack-utils.ts', ''))).toHaveLength(1);
    expect(nameProblems(of('infra/DataStack.ts', ''))).toHaveLength(1);
  });

  it('document what they export', () => {
    const documented = sources.filter(({ path }) => /^(functions|infra|local|cli|bench)\//.test(path));
    expect(documented.flatMap(undocumented)).toEqual([]);
    expect(undocumented(of('infra/app.ts', '\nexport function main() {}\n'))).toEqual([
      'infra/app.ts:2 main',
    ]);
  });

  it('silence no check of the compiler and leave nothing to be done later', () => {
    const silenced = new RegExp(['@ts-', '(ignore|nocheck)|\\b(TO', 'DO|FIX', 'ME)\\b'].join(''));
    expect(sources.filter(({ text }) => silenced.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

const packageSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ license: z.string().optional(), dev: z.boolean().optional() })),
});

describe('the dependencies', () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  const { dependencies, devDependencies } = packageSchema.parse(read('package.json'));
  const direct = { ...dependencies, ...devDependencies };

  it('have exact versions', () => {
    expect(Object.entries(direct).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('are permissively licensed, down to the last one that is deployed', () => {
    const permissive =
      /^\(?(MIT|ISC|0BSD|Apache-2\.0( WITH LLVM-exception)?|BSD-[23]-Clause|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|Python-2\.0)( (OR|AND) |\)?$)/;
    // File-level copyleft of a build tool's CSS compiler binds nobody who does not change that tool.
    const tolerated = (name: string, license: string, dev: boolean) =>
      dev && license === 'MPL-2.0' && /^node_modules\/lightningcss(-|$)/.test(name);
    const { packages } = lockSchema.parse(read('package-lock.json'));
    const others = Object.entries(packages).filter(
      ([name, { license = 'none', dev = false }]) =>
        name && !permissive.test(license) && !tolerated(name, license, dev),
    );
    expect(others).toEqual([]);
  });

  it('are each explained in CONTRIBUTING.md', () => {
    const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    expect(Object.keys(direct).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
