"use strict";
/* A word: letters, marks, digits and underscores, in lower case, digits as 0 (Unicode Technical Standard 18, annex C). */
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+/gu;
const WHOLE = (1n << 64n) - 1n;
/* BLAKE2b, RFC 7693: where it starts, and which words of a block each round mixes. */
const START = ["6a09e667f3bcc908", "bb67ae8584caa73b", "3c6ef372fe94f82b", "a54ff53a5f1d36f1", "510e527fade682d1",
  "9b05688c2b3e6c1f", "1f83d9abfb41bd6b", "5be0cd19137e2179"].map(hex => BigInt("0x" + hex));
const ROUNDS = ["0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d",
  "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0",
  "0123456789abcdef", "ea489fd61c02b753"].map(order => [...order].map(place => parseInt(place, 16)));
const LANES = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
  [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]];

function turned(value, by) {
  return ((value >> by) | (value << (64n - by))) & WHOLE;
}

function mixed(v, [a, b, c, d], x, y) {
  v[a] = (v[a] + v[b] + x) & WHOLE;
  v[d] = turned(v[d] ^ v[a], 32n);
  v[c] = (v[c] + v[d]) & WHOLE;
  v[b] = turned(v[b] ^ v[c], 24n);
  v[a] = (v[a] + v[b] + y) & WHOLE;
  v[d] = turned(v[d] ^ v[a], 16n);
  v[c] = (v[c] + v[d]) & WHOLE;
  v[b] = turned(v[b] ^ v[c], 63n);
}

/* The first four bytes of the hash of a word, without the lowest bit. */
function code(word) {
  const bytes = new TextEncoder().encode(word), state = [...START];
  state[0] ^= 0x01010004n;
  for (let from = 0; from === 0 || from < bytes.length; from += 128) {
    const end = Math.min(from + 128, bytes.length), last = end === bytes.length;
    const block = new Uint8Array(128), view = new DataView(block.buffer);
    block.set(bytes.subarray(from, end));
    const v = [...state, ...START];
    v[12] ^= BigInt(end);
    if (last) v[14] ^= WHOLE;
    for (const order of ROUNDS) {
      const part = order.map(place => view.getBigUint64(8 * place, true));
      LANES.forEach((lane, k) => mixed(v, lane, part[2 * k], part[2 * k + 1]));
    }
    for (let k = 0; k < 8; k++) state[k] ^= v[k] ^ v[k + 8];
  }
  const told = new DataView(new ArrayBuffer(8));
  told.setBigUint64(0, state[0], true);
  return told.getUint32(0) >>> 1;
}

/* The hashes of the words of a text, in their order. */
function codes(text) {
  const plain = text.normalize("NFKC").toLowerCase().replace(/\p{Nd}/gu, "0");
  return (plain.match(WORD) || []).map(code);
}
