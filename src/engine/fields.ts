// The `Fields` argument of meanings: one object for all rows.
import type { Field, Fields } from '../isa/builder.ts';
import type { FieldName } from '../isa/field.ts';

/** Makes a field when it is first named, and from then on it is a property like any other. */
const maker = new Proxy(
  {},
  {
    get(_target, name: string, receiver: object): Field {
      // The compiler admits only names of `FieldName` here.
      const field: Field = { name: name as FieldName };
      Object.defineProperty(receiver, name, { value: field });
      return field;
    },
  },
);

/** Fields by name; a builder refuses one that the row's pattern lacks. */
export const fields: Fields = Object.create(maker);
