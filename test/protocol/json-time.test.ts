import { create, toJson } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { durationForJson, timestampForJson } from '../../services/protocol/json-time.ts';

const FAR = 2n ** 62n;

describe('a Timestamp', () => {
  it.each([
    ['beyond the year 9999', FAR, 0, '9999-12-31T23:59:59.999999999Z'],
    ['before the year 1', -FAR, 0, '0001-01-01T00:00:00Z'],
    ['with nanos below zero', 1n, -5, '1970-01-01T00:00:00.999999995Z'],
    ['with more nanos than a second has', 1n, 2_000_000_001, '1970-01-01T00:00:03.000000001Z'],
    ['before 1970 with nanos below zero', -1n, -500_000_000, '1969-12-31T23:59:58.500Z'],
  ])('%s is shown as the nearest that JSON has', (_, seconds, nanos, shown) => {
    const timestamp = create(TimestampSchema, { seconds, nanos });
    expect(toJson(TimestampSchema, timestampForJson(timestamp))).toBe(shown);
    expect(timestamp).toMatchObject({ seconds, nanos });
  });

  it.each([
    ['the first of year 1', -62_135_596_800n, 0],
    ['the last of year 9999', 253_402_300_799n, 999_999_999],
    ['one before 1970', -1n, 1],
  ])('that JSON has stays as it is: %s', (_, seconds, nanos) => {
    const timestamp = create(TimestampSchema, { seconds, nanos });
    expect(timestampForJson(timestamp)).toBe(timestamp);
  });
});

describe('a Duration', () => {
  it.each([
    ['of more than 10,000 years', FAR, 5, '315576000000s'],
    ['of as many below zero', -FAR, -5, '-315576000000s'],
    ['whose parts differ in sign', 2n, -500_000_000, '1.500s'],
    ['whose parts differ in sign, below zero', -2n, 500_000_000, '-1.500s'],
    ['with more nanos than a second has', 0n, -2_000_000_000, '-2s'],
  ])('%s is shown as the nearest that JSON has', (_, seconds, nanos, shown) => {
    const duration = create(DurationSchema, { seconds, nanos });
    expect(toJson(DurationSchema, durationForJson(duration))).toBe(shown);
    expect(duration).toMatchObject({ seconds, nanos });
  });

  it('that JSON has stays as it is', () => {
    const duration = create(DurationSchema, { seconds: -1n, nanos: -1 });
    expect(durationForJson(duration)).toBe(duration);
  });
});
