import type { Value } from '../model/value.ts';
import { asInteger, isArray, isMap, readFields } from './fields.ts';

/**
 * Puts attachments where `{"_placeholder": true, "num": N}` stands (socket.io-parser 4.2, `binary.ts`; python-socketio
 * and socketioxide write the same). Where `attachment` has none, the placeholder stays.
 */
export function fillPlaceholders(
  value: Value,
  attachment: (number: number, placeholder: Value) => Value | undefined,
): Value {
  if (isArray(value))
    return { ...value, items: value.items.map((item) => fillPlaceholders(item, attachment)) };
  if (!isMap(value)) return value;
  const number = placeholderNumber(value);
  if (number !== undefined) return attachment(number, value) ?? value;
  return {
    ...value,
    entries: value.entries.map(({ key, value: inner }) => ({
      key,
      value: fillPlaceholders(inner, attachment),
    })),
  };
}

function placeholderNumber(value: Value): number | undefined {
  if (!isMap(value) || value.entries.length !== 2) return undefined;
  const fields = readFields(value);
  const mark = fields.of.get('_placeholder');
  return mark?.type === 'bool' && mark.value ? asInteger(fields.of.get('num')) : undefined;
}
