// Runs first in every npm script, on whatever Node there is: plain JavaScript without modern syntax.
const needed = 24;
const found = Number(process.versions.node.split('.')[0]);

if (found < needed) {
  console.error(
    `tessella needs Node.js ${needed} or newer, but this script runs on ${process.version} (${process.execPath}).\n` +
      `"npm ci" installs a private Node.js ${needed} that "npm run …" and "npx …" use: run "npm ci" again, without\n` +
      '"--ignore-scripts". On a system it has no binary for (macOS on some registries, Alpine Linux), install\n' +
      `Node.js ${needed} yourself and run "npm ci --ignore-scripts".`,
  );
  process.exit(1);
}
