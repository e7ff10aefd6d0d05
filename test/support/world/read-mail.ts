/** A mail as a reader sees it. */
export interface ReadMail {
  readonly subject: string;
  /** The plain text part. */
  readonly text: string;
}

/** Reads a mail as nodemailer writes it: text and HTML side by side. No general parser. */
export function readMail(received: string): ReadMail {
  const raw = received.replaceAll('\r\n', '\n');
  const { headers, body } = split(raw);
  const boundary = /boundary="?([^";\n]+)"?/i.exec(headers)?.[1];
  const parts = boundary === undefined ? [raw] : body.split(`--${boundary}`);
  const plain = parts.find((part) => /^content-type: text\/plain/im.test(part));
  if (plain === undefined) throw new Error('the mail has no plain text part');
  return {
    subject: decodedHeader(headerOf(headers, 'subject')),
    text: decodedBody(split(plain.trimStart())),
  };
}

interface Split {
  readonly headers: string;
  readonly body: string;
}

function split(part: string): Split {
  const end = part.search(/\n\n/);
  const unfolded = part.slice(0, end).replace(/\n[ \t]+/g, ' ');
  return { headers: unfolded, body: part.slice(end).trimStart() };
}

const headerOf = (headers: string, name: string): string =>
  new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(headers)?.[1]?.trim() ?? '';

/** RFC 2047. Neighbouring encoded words are one text, cut anywhere. */
function decodedHeader(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?[^?]+\?([QB])\?([^?]*)\?=/gi, (_, how: string, text: string) =>
      how.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString('utf8')
        : quotedPrintable(text.replaceAll('_', ' ')),
    );
}

function decodedBody({ headers, body }: Split): string {
  switch (headerOf(headers, 'content-transfer-encoding').toLowerCase()) {
    case 'quoted-printable':
      return quotedPrintable(body.replace(/=\n/g, ''));
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8');
    default:
      return body;
  }
}

const quotedPrintable = (text: string): string => {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
};
