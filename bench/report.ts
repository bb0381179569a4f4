import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';

/** What one part of the bench found out. */
export interface Section {
  readonly title: string;
  /** What was done, in sentences. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What was run, as one would type it. */
  readonly commands: readonly string[];
}

/** The parts of the machine and the versions that the figures depend on. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const redis = /v=(\S+)/.exec(execFileSync('redis-server', ['--version']).toString())?.[1] ?? '?';
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  const own = ['@msgpack/msgpack', 'ioredis', 'notepack.io'].map((name) => `${name} ${versionOf(name)}`);
  return (
    `${cpus().length} cores (${model}), ${gigabytes} GB, ${type()}; Node ${process.versions.node}, Redis ${redis}, ` +
    `${own.join(', ')}.`
  );
}

export function writeReport(sections: readonly Section[], machine: string, date: Date): string {
  const parts = sections.map((section) => {
    const commands = `\`\`\`sh\n${section.commands.join('\n')}\n\`\`\``;
    return `## ${section.title}\n\n${section.text}\n\n${writeTable(section)}\n\n${commands}\n`;
  });
  return `# Benchmarks\n\n${INTRODUCTION}\n\nMeasured ${date.toISOString().slice(0, 10)}: ${machine}\n\n${parts.join('\n')}`;
}

const INTRODUCTION = `Written by \`npm run bench\`, which builds the program, starts its own Redis servers on loopback and ends them. The absolute
figures are this machine's, where publisher, Redis and reader share the cores; the ratios are the point. All figures are medians.`;

export function writeTable({ head, rows }: Pick<Section, 'head' | 'rows'>): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** 1234567 as `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

export function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(2)} s`;
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
