/** What a text lists, with commas between: each item trimmed, the empty ones left out. Nothing lists nothing. */
export function commaList(text = ''): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
