// Expressions of the assembler language: numbers, symbols, C operators, and the halves `@l`, `@h`, `@ha`, ….

/** Gives the value of a symbol, or undefined when it has none. */
export type Symbols = (name: string) => bigint | undefined;

/** A mistake in an expression; the assembler adds the line. */
export class ExpressionError extends Error {}

type Token =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'name' | 'sign'; readonly text: string };

const tokenPattern =
  /\s*(?:(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)(?![\w$.])|'(\\?.)'|([A-Za-z_.$][\w.$]*|\d+[bf])|(<<|>>|@[a-z]+|[-+*/%&|^~()]))/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const start = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (match === null) throw new ExpressionError(`cannot read "${text.slice(start)}" in the expression "${text}"`);
    const [, number, character, name, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', value: BigInt(number) });
    else if (character !== undefined) tokens.push({ kind: 'number', value: BigInt(character.codePointAt(0) ?? 0) });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
  }
  return tokens;
}

const binary: Readonly<Record<string, { readonly level: number; readonly of: (a: bigint, b: bigint) => bigint }>> = {
  '|': { level: 1, of: (a, b) => a | b },
  '^': { level: 2, of: (a, b) => a ^ b },
  '&': { level: 3, of: (a, b) => a & b },
  '<<': { level: 4, of: (a, b) => a << b },
  '>>': { level: 4, of: (a, b) => a >> b },
  '+': { level: 5, of: (a, b) => a + b },
  '-': { level: 5, of: (a, b) => a - b },
  '*': { level: 6, of: (a, b) => a * b },
  '/': { level: 6, of: (a, b) => a / nonZero(b) },
  '%': { level: 6, of: (a, b) => a % nonZero(b) },
};

function nonZero(value: bigint): bigint {
  if (value === 0n) throw new ExpressionError('division by zero');
  return value;
}

/** Parts of an address (ELF ABI, relocations with the same suffix): `a` marks the adjusted ones. */
const halves: Readonly<Record<string, (value: bigint) => bigint>> = {
  '@l': (value) => BigInt.asIntN(16, value),
  '@h': (value) => (value >> 16n) & 0xffffn,
  '@ha': (value) => ((value + 0x8000n) >> 16n) & 0xffffn,
  '@higher': (value) => (value >> 32n) & 0xffffn,
  '@highera': (value) => ((value + 0x8000n) >> 32n) & 0xffffn,
  '@highest': (value) => (value >> 48n) & 0xffffn,
  '@highesta': (value) => ((value + 0x8000n) >> 48n) & 0xffffn,
};

/** Value of an expression. Throws {@link ExpressionError}. */
export function evaluate(text: string, symbols: Symbols): bigint {
  const tokens = tokenize(text);
  let position = 0;
  const sign = () => {
    const token = tokens[position];
    return token?.kind === 'sign' ? token.text : undefined;
  };

  function primary(): bigint {
    const token = tokens[position++];
    if (token === undefined) throw new ExpressionError(`the expression "${text}" ends too early`);
    if (token.kind === 'number') return token.value;
    if (token.kind === 'name') {
      const value = symbols(token.text);
      if (value === undefined) throw new ExpressionError(`unknown symbol "${token.text}"`);
      return value;
    }
    if (token.text === '-') return -suffixed();
    if (token.text === '+') return suffixed();
    if (token.text === '~') return ~suffixed();
    if (token.text !== '(') throw new ExpressionError(`"${token.text}" is out of place in "${text}"`);
    const value = sum(1);
    if (sign() !== ')') throw new ExpressionError(`missing ")" in "${text}"`);
    position++;
    return value;
  }

  function suffixed(): bigint {
    let value = primary();
    for (let half = halves[sign() ?? '']; half !== undefined; half = halves[sign() ?? '']) {
      value = half(value);
      position++;
    }
    return value;
  }

  function sum(level: number): bigint {
    let value = suffixed();
    for (;;) {
      const operator = binary[sign() ?? ''];
      if (operator === undefined || operator.level < level) return value;
      position++;
      value = operator.of(value, sum(operator.level + 1));
    }
  }

  const value = sum(1);
  if (position < tokens.length) throw new ExpressionError(`cannot read all of the expression "${text}"`);
  return value;
}
