// Which rules the linter of the compiler has. No command lists them, so they are read from the program: each rule is a
// class with a constant `Code`. The program is a bundle of .NET assemblies in one file. Bundle:
// https://github.com/dotnet/runtime/blob/main/src/installer/managed/Microsoft.NET.HostModel/Bundle/Manifest.cs
// Assembly: ECMA-335, II.24 (metadata) and II.25 (file format).

import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

/** Stands behind the place that says where the list of files is: SHA-256 of ".net core bundle". */
const BUNDLE_MARK = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');
const ASSEMBLY = 'Azure.Bicep.Core.dll';
const CONSTANT_OF_A_RULE = 'Code';

/** @param program path of the compiler @throws Error when it is not such a bundle */
export function linterRules(program: string): string[] {
  const constants = textConstants(assemblyIn(readFileSync(program)));
  const rules = constants.filter(({ name }) => name === CONSTANT_OF_A_RULE).map(({ text }) => text);
  return rules.filter((text) => /^[a-z]+(-[a-z]+)+$/.test(text)).toSorted();
}

function assemblyIn(bundle: Buffer): Buffer {
  const mark = bundle.indexOf(BUNDLE_MARK);
  if (mark === -1) throw new Error('The compiler is no .NET program in one file: its rules cannot be read.');
  let at = Number(bundle.readBigInt64LE(mark - 8));
  const files = bundle.readInt32LE(at + 8);
  const text = (): string => {
    const length = bundle.readUInt8(at);
    if (length > 127) throw new Error('A name in the bundle is longer than expected.');
    at += 1 + length;
    return bundle.toString('utf8', at - length, at);
  };
  at += 12;
  text();
  // Offsets of two files of the host, and flags.
  at += 5 * 8;
  for (let file = 0; file < files; file++) {
    const [offset = 0, size = 0, packed = 0] = [0, 8, 16].map((more) => Number(bundle.readBigInt64LE(at + more)));
    at += 3 * 8 + 1;
    if (text() !== ASSEMBLY) continue;
    const bytes = bundle.subarray(offset, offset + (packed || size));
    return packed === 0 ? bytes : inflateRawSync(bytes);
  }
  throw new Error(`The compiler has no ${ASSEMBLY} in it.`);
}

/** Constant fields that are texts. */
function textConstants(assembly: Buffer): { readonly name: string; readonly text: string }[] {
  const streams = metadataStreams(assembly);
  const [tables, names, blobs] = ['#~', '#Strings', '#Blob'].map((stream) => streams.get(stream));
  if (!tables || !names || !blobs) throw new Error(`${ASSEMBLY} has no metadata.`);
  const { rowsOf, wide } = readTables(tables);
  const name = (at: number): string => names.toString('utf8', at, names.indexOf(0, at));
  return rowsOf(CONSTANT).flatMap((row) => {
    const parentSize = wide.hasConstant ? 4 : 2;
    const parent = row.readUIntLE(2, parentSize);
    // A field, which is a text.
    if ((parent & 3) !== 0 || row.readUInt8(0) !== TEXT) return [];
    const field = rowsOf(FIELD)[(parent >> 2) - 1];
    if (field === undefined) return [];
    const text = blobText(blobs, row.readUIntLE(2 + parentSize, wide.blob));
    return [{ name: name(field.readUIntLE(2, wide.text)), text }];
  });
}

const FIELD = 0x04;
const CONSTANT = 0x0b;
/** ELEMENT_TYPE_STRING. */
const TEXT = 0x0e;

function metadataStreams(assembly: Buffer): Map<string, Buffer> {
  const header = assembly.readUInt32LE(0x3c) + 4;
  const optional = header + 20;
  const sections = optional + assembly.readUInt16LE(header + 16);
  const offsetOf = (address: number): number => {
    for (let section = 0; section < assembly.readUInt16LE(header + 2); section++) {
      const at = sections + section * 40;
      const [size, first, , raw] = [8, 12, 16, 20].map((more) => assembly.readUInt32LE(at + more));
      if (first !== undefined && address >= first && address < first + (size ?? 0)) return address - first + (raw ?? 0);
    }
    throw new Error(`${ASSEMBLY} points outside of itself.`);
  };
  const directories = optional + (assembly.readUInt16LE(optional) === 0x20b ? 112 : 96);
  const cli = offsetOf(assembly.readUInt32LE(directories + 14 * 8));
  const root = offsetOf(assembly.readUInt32LE(cli + 8));
  let at = root + 16 + assembly.readUInt32LE(root + 12) + 4;
  const streams = new Map<string, Buffer>();
  for (let left = assembly.readUInt16LE(at - 2); left > 0; left--) {
    const [offset = 0, size = 0] = [assembly.readUInt32LE(at), assembly.readUInt32LE(at + 4)];
    const end = assembly.indexOf(0, at + 8);
    streams.set(assembly.toString('utf8', at + 8, end), assembly.subarray(root + offset, root + offset + size));
    at += 8 + 4 * Math.ceil((end + 1 - (at + 8)) / 4);
  }
  return streams;
}

/** Rows of the tables up to that of the constants, each as wide as II.24.2.6 says. */
function readTables(stream: Buffer) {
  const heaps = stream.readUInt8(6);
  const [text, guid, blob] = [1, 2, 4].map((bit) => (heaps & bit ? 4 : 2)) as [number, number, number];
  const present = stream.readBigUInt64LE(8);
  const counts = new Map<number, number>();
  let at = 24;
  for (let table = 0; table < 64; table++) {
    if (!(present & (1n << BigInt(table)))) continue;
    counts.set(table, stream.readUInt32LE(at));
    at += 4;
  }
  const count = (table: number): number => counts.get(table) ?? 0;
  const index = (table: number): number => (count(table) < 2 ** 16 ? 2 : 4);
  const coded = (bits: number, tables: number[]): number => (Math.max(...tables.map(count)) < 2 ** (16 - bits) ? 2 : 4);
  const typeDefOrRef = coded(2, [0x02, 0x01, 0x1b]);
  const hasConstant = coded(2, [0x04, 0x08, 0x17]);
  const widths = [
    2 + text + 3 * guid,
    coded(2, [0x00, 0x1a, 0x23, 0x01]) + 2 * text,
    4 + 2 * text + typeDefOrRef + index(0x04) + index(0x06),
    index(0x04),
    2 + text + blob,
    index(0x06),
    8 + text + blob + index(0x08),
    index(0x08),
    4 + text,
    index(0x02) + typeDefOrRef,
    coded(3, [0x02, 0x01, 0x1a, 0x06, 0x1b]) + text + blob,
    2 + hasConstant + blob,
  ];
  const rows = new Map<number, Buffer[]>();
  for (const [table, width] of widths.entries()) {
    const start = at;
    rows.set(
      table,
      Array.from({ length: count(table) }, (_, row) => stream.subarray(start + row * width, start + (row + 1) * width)),
    );
    at += count(table) * width;
  }
  return {
    rowsOf: (table: number): Buffer[] => rows.get(table) ?? [],
    wide: { text, blob, hasConstant: hasConstant === 4 },
  };
}

/** A text of a constant: its length in bytes, compressed (II.24.2.4), and UTF-16. */
function blobText(blobs: Buffer, at: number): string {
  const first = blobs.readUInt8(at);
  const [length, start] =
    first < 0x80 ? [first, at + 1] : first < 0xc0 ? [blobs.readUInt16BE(at) & 0x3fff, at + 2] : [0, at];
  return blobs.toString('utf16le', start, start + length);
}
