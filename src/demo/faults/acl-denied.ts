import { DemoError } from '../demo-error.ts';
import type { Fault, Symptom } from './fault.ts';
import type { LabServer } from './lab-server.ts';
import { plan } from './scenes.ts';

const LINES_SHOWN = 4;

export const aclDeniedFault: Fault = {
  name: 'acl-denied',
  rule: 'acl-denied',
  title: "the Redis user may use some of the adapter's channels, but not its pattern",
  cure: "ACL SETUSER chat '&socket.io#/#*', letter by letter the pattern that the adapter subscribes to; then ACL LOG RESET.",
  stage: async (lab) => {
    const admin = lab.connect('admin');
    const rules = ['on', '>secret', '~*', '+@all', 'resetchannels', '&socket.io-*', '&socket.io#*'];
    await admin.acl('SETUSER', 'chat', ...rules);
    const user = { name: 'chat', password: 'secret' };
    let started: LabServer[] = [];
    return {
      story: [
        'The Redis user "chat" has &socket.io#* and &socket.io-*: that looks like enough.',
        'The server logs in as that user.',
      ],
      symptom: async (): Promise<Symptom> => {
        try {
          started = await lab.start(...plan(1, { user }));
          return { lines: ['The server starts and is subscribed.'], isBad: false };
        } catch (error) {
          if (!(error instanceof DemoError)) throw error;
          const lines = error.message.split('\n').filter((line) => /ReplyError|NOPERM/.test(line));
          return { lines: ['The server ends with:', ...lines.slice(0, LINES_SHOWN)], isBad: true };
        }
      },
      cure: async () => {
        await Promise.all(started.map((server) => server.stop()));
        await admin.acl('SETUSER', 'chat', '&socket.io#/#*');
        await admin.acl('LOG', 'RESET');
      },
    };
  },
};
