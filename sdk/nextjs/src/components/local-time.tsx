"use client";
// A moment in the visitor's time zone; the server, which does not know it, writes UTC.
import { useSyncExternalStore } from "react";
import { moment } from "@/i18n/format";
import { useLocale, useText } from "@/i18n/provider";
import type { Name, Values } from "@/i18n/text";

const never = () => () => {};
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const utc = () => "UTC";

export function LocalTime({ iso }: { iso: string }) {
  const locale = useLocale();
  const timeZone = useSyncExternalStore(never, zone, utc);
  return <time dateTime={iso}>{moment(locale, iso, timeZone)}</time>;
}

/** A text with the moment in the place `{time}`, which differs from language to language. */
export function TimedText({ name, iso, values }: { name: Name; iso: string; values?: Values }) {
  const [before, after] = useText()(name, { ...values, time: "\u0000" }).split("\u0000");
  return (
    <>
      {before}
      <LocalTime iso={iso} />
      {after}
    </>
  );
}
