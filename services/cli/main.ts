#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Most of the time before a command begins is the reading of TypeScript: what was read once is kept in the
// folder for temporary files. Where that cannot be written, everything works as before.
enableCompileCache();
const { main } = await import('./run.ts');
process.exitCode = await main(process.argv.slice(2));
