// Builds everything that `npm start` and `npm test` run: type check and emit, then the generated parts in order.
// A build whose inputs are those of the last finished build does nothing.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram, say, step } from './progress.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampPath = join(dist, 'build-stamp');
const inputFolders = ['src', 'assembly', 'test', 'bench', 'tools'];
const inputFiles = [
  'tsconfig.json',
  'tsconfig.base.json',
  'tsconfig.core.json',
  'tsconfig.node.json',
  'package-lock.json',
];

function* filesUnder(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // Generated files are outputs; counting them would make every build look new.
    if (entry.isDirectory() && entry.name !== 'generated') yield* filesUnder(path);
    else if (entry.isFile()) yield path;
  }
}

/** A digest of path, size and change time of every input, and of the Node.js version. */
function inputDigest() {
  const hash = createHash('sha256').update(process.version);
  const inputs = [
    ...inputFiles.map((name) => join(root, name)),
    ...inputFolders.flatMap((name) => [...filesUnder(join(root, name))]),
  ];
  for (const path of inputs.sort()) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined) hash.update(`${relative(root, path)}\0${stat.size}\0${stat.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function isUpToDate(digest) {
  try {
    return readFileSync(stampPath, 'utf8') === digest;
  } catch {
    return false;
  }
}

/** Removes what the compiler emitted for sources that are gone, so that no test of a deleted file runs. */
function removeOrphans() {
  for (const path of filesUnder(dist)) {
    if (!path.endsWith('.d.ts')) continue;
    const base = path.slice(0, -'.d.ts'.length);
    const source = join(root, `${relative(dist, base)}.ts`);
    if (existsSync(source)) continue;
    for (const suffix of ['.d.ts', '.js', '.js.map']) rmSync(base + suffix, { force: true });
  }
}

async function compile() {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  if (!existsSync(compiler)) return { status: 1, output: 'The compiler is not installed: run `npm run setup`.\n' };
  return runProgram(process.execPath, [compiler, '-b'], { cwd: root });
}

/** Builds what is out of date and resolves to the exit status. */
export async function build() {
  const digest = inputDigest();
  if (isUpToDate(digest)) return 0;
  rmSync(stampPath, { force: true });
  const compiled = await step('Compiling', compile);
  if (compiled.status !== 0) {
    process.stderr.write(compiled.output);
    say('The build failed: the type errors are above.');
    return compiled.status;
  }
  removeOrphans();
  const generator = join(dist, 'tools/build-generated.js');
  if (existsSync(generator)) {
    const generated = await step('Generating', () => runProgram(process.execPath, [generator], { cwd: root }));
    if (generated.status !== 0) {
      process.stderr.write(generated.output);
      say('The build failed while generating parts: the cause is above.');
      return generated.status;
    }
  }
  mkdirSync(dist, { recursive: true });
  writeFileSync(`${stampPath}.tmp`, digest);
  renameSync(`${stampPath}.tmp`, stampPath);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await build();
