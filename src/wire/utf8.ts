/** Up to this many characters a loop beats the call into Buffer. */
const SHORT_TEXT = 24;

/** Writes `text` at `at` and returns its bytes. The buffer must have room for three bytes a character. */
export function writeText(buffer: Buffer, at: number, text: string): number {
  const length = text.length;
  if (length <= SHORT_TEXT) {
    let i = 0;
    for (let code = 0; i < length && (code = text.charCodeAt(i)) < 0x80; i++) buffer[at + i] = code;
    if (i === length) return length;
  }
  return buffer.write(text, at, "utf8");
}

export function readText(buffer: Buffer, start: number, end: number): string {
  if (end - start <= SHORT_TEXT) {
    let text = "";
    let at = start;
    for (let byte = 0; at < end && (byte = buffer[at]!) < 0x80; at++) text += String.fromCharCode(byte);
    if (at === end) return text;
  }
  return buffer.toString("utf8", start, end);
}
