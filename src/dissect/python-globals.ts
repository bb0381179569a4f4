import { listPickledGlobals } from '../bytes/pickle.ts';
import type { Finding } from '../model/message.ts';
import { addFinding, type Draft } from './fields.ts';

/**
 * Classes that plain data of Python programs is made of. Unpickling them runs nothing that the sender chooses.
 * Python 2 and protocols 0 to 2 call `builtins` `__builtin__` and `copyreg` `copy_reg`.
 */
const DATA_TYPES = new Set([
  '__builtin__.bytearray',
  '__builtin__.bytes',
  '__builtin__.complex',
  '__builtin__.dict',
  '__builtin__.frozenset',
  '__builtin__.int',
  '__builtin__.list',
  '__builtin__.long',
  '__builtin__.object',
  '__builtin__.set',
  '__builtin__.str',
  '__builtin__.tuple',
  '__builtin__.unicode',
  '__builtin__.xrange',
  '_codecs.encode',
  'builtins.bytearray',
  'builtins.bytes',
  'builtins.complex',
  'builtins.dict',
  'builtins.frozenset',
  'builtins.int',
  'builtins.list',
  'builtins.object',
  'builtins.range',
  'builtins.set',
  'builtins.slice',
  'builtins.str',
  'builtins.tuple',
  'collections.Counter',
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.deque',
  'copy_reg._reconstructor',
  'copyreg._reconstructor',
  'datetime.date',
  'datetime.datetime',
  'datetime.time',
  'datetime.timedelta',
  'datetime.timezone',
  'decimal.Decimal',
  'fractions.Fraction',
  'ipaddress.IPv4Address',
  'ipaddress.IPv6Address',
  'numpy._core.multiarray._reconstruct',
  'numpy._core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy.core.multiarray.scalar',
  'numpy.dtype',
  'numpy.ndarray',
  'pathlib.PosixPath',
  'pathlib.PurePosixPath',
  'pytz._UTC',
  'uuid.UUID',
  'uuid.SafeUUID',
  'zoneinfo.ZoneInfo._unpickle',
]);

/** Modules through which a pickle can run programs, read files or open connections. */
const DANGEROUS_MODULES = new Set([
  '_io',
  '_pickle',
  '_posixsubprocess',
  'asyncio',
  'bdb',
  'cProfile',
  'code',
  'codeop',
  'commands',
  'ctypes',
  'dill',
  'distutils',
  'functools',
  'http',
  'imp',
  'importlib',
  'io',
  'marshal',
  'multiprocessing',
  'nt',
  'ntpath',
  'operator',
  'os',
  'pdb',
  'pickle',
  'pip',
  'pkgutil',
  'platform',
  'popen2',
  'posix',
  'posixpath',
  'profile',
  'pty',
  'pydoc',
  'requests',
  'runpy',
  'shutil',
  'signal',
  'site',
  'smtplib',
  'socket',
  'ssl',
  'subprocess',
  'sys',
  'tempfile',
  'threading',
  'timeit',
  'trace',
  'types',
  'urllib',
  'urllib2',
  'uuid._get_command_stdout',
  'webbrowser',
]);

/** More names than these are counted, not listed. */
const MAX_LISTED = 5;

/** Says that pickle is in use at all, and what this one would have run. */
export function notePickle(message: Draft, bytes: Uint8Array): void {
  addFinding(message, {
    code: 'pickle-on-the-wire',
    severity: 'warning',
    message:
      'This channel carries pickle: whoever can publish here can run code in every python-socketio before 5.14 (CVE-2025-61765).',
  });
  for (const finding of findGlobals(bytes)) addFinding(message, finding);
}

/** What the classes and functions mean that a pickle names, those included whose results it throws away. */
export function findGlobals(bytes: Uint8Array): Finding[] {
  const globals = listPickledGlobals(bytes);
  const findings: Finding[] = [];
  const dangerous = globals.filter(({ name }) => isDangerous(name));
  const unknown = globals.filter(({ name }) => !isDangerous(name) && !DATA_TYPES.has(name));
  const [worst] = dangerous;
  const [first] = unknown;
  if (worst !== undefined) {
    findings.push({
      code: 'code-execution-pickle',
      severity: 'error',
      message: `Unpickling this would call ${list(dangerous.map(({ name }) => name))}: every python-socketio before 5.14 that reads this channel runs it (CVE-2025-61765). Here it is described, not executed.`,
      offset: worst.offset,
    });
  }
  if (first !== undefined) {
    findings.push({
      code: 'pickle-object',
      severity: 'warning',
      message: `The pickle names ${list(unknown.map(({ name }) => name))}, no plain data type: unpickling would import it. Here it is named, not built.`,
      offset: first.offset,
    });
  }
  return findings;
}

/** Of `builtins` everything that is no data type: eval, exec, getattr, __import__, open, … */
function isDangerous(name: string): boolean {
  if (DATA_TYPES.has(name)) return false;
  const module = name.split('.', 1)[0] ?? '';
  return (
    module === 'builtins' ||
    module === '__builtin__' ||
    DANGEROUS_MODULES.has(module) ||
    DANGEROUS_MODULES.has(name)
  );
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
