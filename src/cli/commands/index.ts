import type { Command } from 'commander';

/** A command as the table lists it. Its file is imported only when it is asked for. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ createCommand: () => Command }>;
}

/** Every command, in the order of `--help`. A new one is its file and a line here. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'monitor',
    summary: 'watch a live Redis: every message of your servers, decoded',
    load: () => import('./monitor.ts'),
  },
  {
    name: 'servers',
    summary: 'who is subscribed, and whether the servers count each other right',
    load: () => import('./servers.ts'),
  },
  {
    name: 'follow',
    summary: 'one request, server, room or event: who answered when, who is missing',
    load: () => import('./follow.ts'),
  },
  {
    name: 'record',
    summary: 'write what passes to a file, for decode, explain, doctor and replay',
    load: () => import('./record.ts'),
  },
  {
    name: 'replay',
    summary: 'publish a recording again, into a Redis of your own',
    load: () => import('./replay.ts'),
  },
  {
    name: 'decode',
    summary: 'decode a capture or a pasted payload (files or stdin)',
    load: () => import('./decode.ts'),
  },
  {
    name: 'demo',
    summary: 'run a Socket.IO cluster and see one message pass through Redis',
    load: () => import('./demo.ts'),
  },
  {
    name: 'chat',
    summary: 'chat through the demo: each line goes to everybody else',
    load: () => import('./chat.ts'),
  },
  {
    name: 'explain',
    summary: 'explain what each byte of a message means',
    load: () => import('./explain.ts'),
  },
  {
    name: 'doctor',
    summary: 'find out what is wrong between your servers, live or in a capture',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'rules',
    summary: 'what the doctor checks, and how each fault is cured',
    load: () => import('./rules.ts'),
  },
];
