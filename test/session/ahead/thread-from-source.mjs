/** Starts the thread from TypeScript: `--import tsx` does not reach into threads on Node 20. */
import { register } from 'tsx/esm/api';

register();
await import('../../../src/session/ahead/transcribe-thread.ts');
