// Writes docs/schema/*.json and the tables of docs/guest-environment.md: npm run docs:environment.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { schemas, schemaText } from './schema.ts';
import { withTables } from './tables.ts';

const docs = fileURLToPath(new URL('../../../docs', import.meta.url));
for (const [name, schema] of Object.entries(schemas)) writeFileSync(join(docs, 'schema', name), schemaText(schema));
const page = join(docs, 'guest-environment.md');
writeFileSync(page, withTables(readFileSync(page, 'utf8')));
