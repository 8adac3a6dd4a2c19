// The cryptographic vector functions against Node.js's AES and SHA-2, and a model of polynomial multiplication.
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { elements, fromElements, VectorPlane, vectorOf } from './vector-plane.ts';

const plane = new VectorPlane();
const block = fc.bigInt(0n, (1n << 128n) - 1n);

function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** AES-128 key schedule (FIPS 197, section 5.2), with the S-box that is under test. */
function roundKeys(key: bigint): bigint[] {
  const words = elements(key, 32);
  let constant = 1n;
  for (let i = 4; i < 44; i++) {
    let word = words[i - 1] ?? 0n;
    if (i % 4 === 0) {
      const rotated = BigInt.asUintN(32, (word << 8n) | (word >> 24n));
      word = BigInt.asUintN(32, plane.run('vectorSubstituteBytes', [rotated])) ^ (constant << 24n);
      constant = constant < 0x80n ? constant << 1n : ((constant << 1n) & 255n) ^ 0x1bn;
    }
    words.push((words[i - 4] ?? 0n) ^ word);
  }
  return Array.from({ length: 11 }, (_, i) => fromElements(words.slice(4 * i, 4 * i + 4), 32));
}

function encrypt(text: bigint, key: bigint): bigint {
  const keys = roundKeys(key);
  let stateBlock = text ^ (keys[0] ?? 0n);
  for (let i = 1; i < 11; i++) {
    stateBlock = plane.run('vectorCipher', [stateBlock, keys[i] ?? 0n], [i === 10 ? 1 : 0]);
  }
  return stateBlock;
}

function decrypt(text: bigint, key: bigint): bigint {
  const keys = roundKeys(key).reverse();
  let stateBlock = text ^ (keys[0] ?? 0n);
  for (let i = 1; i < 11; i++) {
    stateBlock = plane.run('vectorInverseCipher', [stateBlock, keys[i] ?? 0n], [i === 10 ? 1 : 0]);
  }
  return stateBlock;
}

test('ten rounds of vcipher are AES-128, and vncipher undoes them', () => {
  fc.assert(
    fc.property(block, block, (text, key) => {
      const cipher = createCipheriv('aes-128-ecb', bytesOf(key), null).setAutoPadding(false);
      const expected = numberOf(cipher.update(bytesOf(text)));
      assert.equal(encrypt(text, key), expected);
      assert.equal(decrypt(expected, key), text);
    }),
    { numRuns: 50 },
  );
});

/** SHA-2 of a message of one block from its sigma functions (FIPS 180-4, sections 6.2.2 and 6.4.2). */
function hash(message: Buffer, bits: 32 | 64, sigma: (v: bigint, st: number, second: number) => bigint): string {
  const rounds = bits === 32 ? 64 : 80;
  const mask = (1n << BigInt(bits)) - 1n;
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < rounds; n++) if (primes.every((p) => n % p !== 0n)) primes.push(n);
  const rootFraction = (n: bigint, power: bigint): bigint => {
    // The first bits of the fraction of a root: the integer root of n scaled.
    const scaled = n << (power * BigInt(bits));
    let low = 0n;
    let high = 1n << BigInt(bits + 10);
    while (high - low > 1n) {
      const middle = (low + high) / 2n;
      if (middle ** power <= scaled) low = middle;
      else high = middle;
    }
    return low & mask;
  };
  const blockBytes = bits * 2;
  const padded = Buffer.alloc(blockBytes);
  message.copy(padded);
  padded[message.length] = 0x80;
  padded.writeUInt32BE(message.length * 8, blockBytes - 4);
  const at = (list: readonly bigint[], i: number): bigint => list[i] ?? 0n;
  const w: bigint[] = [];
  for (let i = 0; i < rounds; i++) {
    if (i < 16) w.push(BigInt(`0x${padded.subarray((i * bits) / 8, ((i + 1) * bits) / 8).toString('hex')}`));
    else w.push((sigma(at(w, i - 2), 0, 1) + at(w, i - 7) + sigma(at(w, i - 15), 0, 0) + at(w, i - 16)) & mask);
  }
  const initial = primes.slice(0, 8).map((p) => rootFraction(p, 2n));
  let s = initial;
  for (let i = 0; i < rounds; i++) {
    const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => at(s, n)) as [
      ...[bigint, bigint, bigint, bigint],
      ...[bigint, bigint, bigint, bigint],
    ];
    const choice = (e & f) ^ (~e & mask & g);
    const first = h + sigma(e, 1, 1) + choice + rootFraction(at(primes, i), 3n) + at(w, i);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    s = [first + sigma(a, 1, 0) + majority, a, b, c, d + first, e, f, g].map((v) => v & mask);
  }
  return s.map((v, i) => ((v + at(initial, i)) & mask).toString(16).padStart(bits / 4, '0')).join('');
}

test('vshasigmaw has the functions of SHA-256 in every word, each chosen by its bit of SIX', () => {
  const message = Buffer.from('vector sigma words');
  for (let word = 0; word < 4; word++) {
    const digest = hash(message, 32, (v, st, second) => {
      const vector = fromElements([0n, 0n, 0n, 0n].with(word, v), 32);
      const six = second ? 8 >> word : 15 & ~(8 >> word);
      return elements(plane.run('vectorSigmaWords', [vector], [st, six]), 32)[word] ?? 0n;
    });
    assert.equal(digest, createHash('sha256').update(message).digest('hex'));
  }
});

test('vshasigmad has the functions of SHA-512 in both doublewords', () => {
  const message = Buffer.from('vector sigma doublewords');
  for (let half = 0; half < 2; half++) {
    const digest = hash(message, 64, (v, st, second) => {
      const vector = fromElements([0n, 0n].with(half, v), 64);
      const six = second ? 8 >> (2 * half) : 15 & ~(8 >> (2 * half));
      return elements(plane.run('vectorSigmaDoublewords', [vector], [st, six]), 64)[half] ?? 0n;
    });
    assert.equal(digest, createHash('sha512').update(message).digest('hex'));
  }
});

function multiplyPolynomials(x: bigint, y: bigint): bigint {
  let product = 0n;
  for (let i = 0n; y >> i > 0n; i++) if ((y >> i) & 1n) product ^= x << i;
  return product;
}

for (const size of [1, 2, 4, 8]) {
  test(`vpmsum of elements of ${size} bytes is the exclusive or of the products of each pair`, () => {
    const bits = 8 * size;
    fc.assert(
      fc.property(vectorOf(bits), vectorOf(bits), (x, y) => {
        const products = elements(x, bits).map((v, i) => multiplyPolynomials(v, elements(y, bits)[i] ?? 0n));
        const sums = Array.from({ length: 8 / size }, (_, i) => (products[2 * i] ?? 0n) ^ (products[2 * i + 1] ?? 0n));
        assert.equal(plane.run('vectorPolynomialSum', [x, y], [size]), fromElements(sums, 2 * bits));
      }),
      { numRuns: 50 },
    );
  });
}
