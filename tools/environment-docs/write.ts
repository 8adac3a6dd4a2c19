// Writes docs/schema/*.json and the tables of docs/guest-environment.md: npm run docs:environment.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../tool-options.ts';
import { schemas, schemaText } from './schema.ts';
import { withTables } from './tables.ts';

const usage = `Usage: npm run docs:environment
Writes docs/schema and the tables of docs/guest-environment.md.
`;
readOptions({ name: 'docs:environment', usage }, { options: {} });

const docs = fileURLToPath(new URL('../../../docs', import.meta.url));
for (const [name, schema] of Object.entries(schemas)) writeFileSync(join(docs, 'schema', name), schemaText(schema));
const page = join(docs, 'guest-environment.md');
writeFileSync(page, withTables(readFileSync(page, 'utf8')));
