// Reports one test file's results as JSON lines for tools/test.mjs: only leaves count, so that no suite is counted twice.

// biome-ignore lint/style/noDefaultExport: Node.js takes a reporter module's default export.
export default async function* reporter(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite') continue;
    // A parent fails because of a subtest that is reported by itself.
    if (data.details?.error?.failureType === 'subtestsFailed') continue;
    const cause = data.details?.error?.cause ?? data.details?.error;
    yield `${JSON.stringify({
      name: data.name,
      passed: type === 'test:pass',
      skipped: data.skip !== undefined ? data.skip || true : undefined,
      todo: data.todo !== undefined ? data.todo || true : undefined,
      error: type === 'test:fail' ? String(cause?.stack ?? cause) : undefined,
    })}\n`;
  }
}
