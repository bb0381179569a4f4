import { writeCase } from '../../render/findings.ts';
import { plural } from '../../render/phrase.ts';
import { safeText } from '../../render/safe-text.ts';
import { wrapWords } from '../../render/text-width.ts';
import type { Theme } from '../../render/theme.ts';
import type { Style } from '../story-style.ts';
import { type Fault, type FaultAdapter, viaOf } from './fault.ts';
import { faults } from './index.ts';
import type { Scene } from './play.ts';

/** Every fault, one line each. */
export function listFaults({ theme, width: columns }: Style): readonly string[] {
  const width = Math.max(...faults.map(({ name }) => name.length));
  return [
    ...faults.flatMap(({ name, title }) =>
      wrapWords(title, columns, `${theme.strong(name.padEnd(width))}  `, ' '.repeat(width + 2)),
    ),
    '',
    'sio-inspect demo --fault NAME stages one on a Redis of its own, and cures it.',
  ];
}

/** The first lines: what will be seen. */
export function tellTitle(fault: Fault, adapter: FaultAdapter, { theme, width }: Style): readonly string[] {
  const servers = adapter === 'redis' ? 'real servers' : `real servers, ${adapter} adapter`;
  return [
    `${theme.strong('sio-inspect demo')} · fault ${theme.strong(fault.name)} · ${servers}, a private Redis`,
    `In short: ${fault.title}.`,
  ].flatMap((line) => wrapWords(line, width, '', '  '));
}

/** What one scene shows. */
export function tellScene(
  scene: Scene,
  fault: Fault,
  adapter: FaultAdapter,
  style: Style,
): readonly string[] {
  const { theme } = style;
  switch (scene.is) {
    case 'staged':
      return [
        '',
        theme.strong('1  The stage'),
        ...indent(scene.story, style),
        theme.dim(`   Redis at ${scene.url}`),
      ];
    case 'cured':
      return ['', theme.strong('4  The cure'), ...indent([fault.cure], style)];
    case 'symptom': {
      const { lines, isBad } = scene.symptom;
      const paint = isBad ? theme.trouble : theme.good;
      const title = scene.afterCure ? [] : ['', theme.strong('2  What users see')];
      return [
        ...title,
        ...lines.flatMap((line, index) =>
          indent([safeText(line)], style).map((row) => (index === 0 ? row : paint(row))),
        ),
      ];
    }
    case 'listening':
      return scene.afterCure
        ? []
        : ['', theme.strong('3  What the doctor says'), `   ${theme.dim(`$ ${commandOf(fault, adapter)}`)}`];
    case 'diagnosis':
      if (scene.report.cases.length === 0) return indent(tellNothing(scene, fault, theme), style);
      return scene.report.cases.flatMap((item) =>
        writeCase(item, { theme, columns: style.width - INDENT.length, isStaged: true })
          .split('\n')
          .map((line) => INDENT + line),
      );
  }
}

const INDENT = '   ';

function tellNothing(
  { afterCure, report }: Extract<Scene, { is: 'diagnosis' }>,
  { rule }: Fault,
  theme: Theme,
): readonly string[] {
  const held = `${plural(report.held.length, 'rule')} hold`;
  const good = theme.good('✓');
  if (rule === undefined && !afterCure)
    return [
      `${good} The doctor finds nothing: ${held}.`,
      'Nothing of this passes through Redis, so nobody can see it there: look at what stands in front of the servers.',
    ];
  return afterCure
    ? [`${good} The doctor finds nothing${rule === undefined ? '' : ' any more'}: ${held}.`]
    : [`${theme.trouble('✗')} The doctor finds nothing.`];
}

/** What does not fit goes on below, a little further right. */
function indent(lines: readonly string[], { width }: Style): readonly string[] {
  return lines.flatMap((line) => wrapWords(line, width, INDENT, `${INDENT}  `));
}

/** What one would type. */
function commandOf(fault: Fault, adapter: FaultAdapter): string {
  const { expect, timeoutMs } = fault;
  const words = [
    viaOf(fault, adapter) === 'monitor' ? ' --via monitor' : '',
    expect === undefined ? '' : ` --expect ${expect}`,
    timeoutMs === undefined ? '' : ` --timeout ${timeoutMs / 1000}s`,
  ];
  return `sio-inspect doctor --url …${words.join('')}`;
}
