import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { emitFromOutside, plan, tellCall } from './scenes.ts';

/** A function may well stay for a while when it is done: then others wait for it. */
const LINGER_MS = 1500;
const EVERY_MS = 100;

export const emittingFunctionsFault: Fault = {
  name: 'emitting-functions',
  rule: 'emit-only-servers',
  title: 'functions start a Socket.IO server only to emit something, and count as servers while they live',
  cure: 'The functions use @socket.io/redis-emitter, which is no server.',
  stage: async (lab) => {
    const [first] = await lab.start(...plan(2, { answers: ['who'] }));
    const [host] = await lab.start({ name: 'function', adapter: 'none' });
    if (first === undefined || host === undefined) throw new Error('No servers.');
    const job = lab.connect('function-emitter');
    let number = 0;
    let call = async (lingerMs: number): Promise<void> => {
      await host.do({ do: 'run-function', event: 'report', args: [++number], lingerMs });
    };
    return {
      story: [
        'Two servers with the classic adapter.',
        'A function runs now and then: new Server(), io.adapter(…), io.emit("report", …), end.',
      ],
      symptom: async () => {
        await call(LINGER_MS);
        return tellCall(
          first,
          'io.serverSideEmitWithAck("who"), while a function is there',
          await first.do({ do: 'server-side-emit', event: 'who' }),
        );
      },
      traffic: async () => {
        await call(0);
        await delay(EVERY_MS);
      },
      cure: () => {
        call = () => emitFromOutside(job, 'report', [++number]);
        return Promise.resolve();
      },
    };
  },
};
