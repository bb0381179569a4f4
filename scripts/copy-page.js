/** Puts the chat page beside the built demo: tsc copies no files that it does not compile. */
import { cpSync } from 'node:fs';

cpSync('src/demo/page', 'dist/demo/page', { recursive: true });
