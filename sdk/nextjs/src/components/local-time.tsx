"use client";
// A moment in the visitor's time zone; the server, which does not know it, writes UTC.
import { useSyncExternalStore } from "react";
import { moment } from "@/i18n/format";
import { useLocale } from "@/i18n/provider";

const never = () => () => {};
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const utc = () => "UTC";

export function LocalTime({ iso }: { iso: string }) {
  const locale = useLocale();
  const timeZone = useSyncExternalStore(never, zone, utc);
  return <time dateTime={iso}>{moment(locale, iso, timeZone)}</time>;
}
