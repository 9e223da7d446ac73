// gRPC-web by hand, as far as the tests need it: requests of text fields, answers that are read for their status alone.

/** A message of text fields, each given by its number. */
export function encode(fields) {
  const message = Object.entries(fields).flatMap(([number, text]) => {
    const bytes = new TextEncoder().encode(text);
    if (Number(number) > 15 || bytes.length > 127) throw new Error(`field ${number} needs a longer form`);
    return [(Number(number) << 3) | 2, bytes.length, ...bytes];
  });
  const head = new Uint8Array(5);
  new DataView(head.buffer).setUint32(1, message.length);
  return new Uint8Array([...head, ...message]);
}

/** Throws unless the answer ended well; its status stands in the last frame or, when it is short, in the headers. */
export function decode(bytes, headers, what) {
  const trailers = /grpc-status: ?(\d+)/i.exec(new TextDecoder().decode(bytes));
  const status = headers.get("grpc-status") ?? trailers?.[1];
  if (status !== "0") throw new Error(`${what}: status ${status}, ${headers.get("grpc-message")}`);
}
