import { describePlace, type Evidence } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { BadRoom } from '../taps/oddities.ts';
import { plural } from '../words.ts';

/** Rooms are compared as they are: 42 is not "42". */
export const badRoom: Rule = {
  name: 'bad-room',
  severity: 'bites',
  needs: 'traffic',
  summary:
    'A room is a number, null, undefined or an object: nobody who joined the text of the same look is in it.',
  fault: 'bad-room',
  check: ({ traffic }: Evidence): readonly Diagnosis[] => traffic?.oddities.badRooms.map(diagnose) ?? [],
};

function diagnose(bad: BadRoom): Diagnosis {
  const { shown, type, field, event, uid, count } = bad;
  const isNumber = type === 'int' || type === 'float';
  return {
    where: describePlace(bad),
    sentence:
      `${plural(count, 'message')} ${count === 1 ? 'has' : 'have'} ${shown} as a room in ${field}, which is ${isNumber ? 'a number and' : ''} no text.`.replace(
        '  ',
        ' ',
      ),
    seen: [
      isNumber
        ? `A socket that has joined "${shown}" is not in ${shown}: servers compare without converting.`
        : 'No socket can be in it, unless it joined the very same value on its own server.',
    ],
    culprits: [
      { is: 'room', value: shown },
      ...(event === undefined ? [] : [{ is: 'event' as const, value: event }]),
      ...(uid === undefined ? [] : [{ is: 'uid' as const, value: uid, about: 'sent it' }]),
    ],
    symptom: 'no error: the room gets nothing',
    next: [
      isNumber
        ? `Make it a text wherever rooms are joined and used: io.to(String(room)).emit(…).`
        : 'Look for the variable that was not set where the room is named.',
    ],
    sure: 'sure',
  };
}
