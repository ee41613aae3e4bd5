/** Up to three letters that stand for a service: "VPN" for "VPN", "LP" for "Library portal". */
export function lettersOf(name: string): string {
  // Signs stand for nothing.
  const words = name.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== '');
  const first = [...(words[0] ?? '')];
  if (words.length <= 1)
    return first
      .slice(0, first.length <= 3 ? 3 : 1)
      .join('')
      .toUpperCase();
  return words
    .slice(0, 3)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();
}
