// Whether an element is in sight.
import { type RefObject, useEffect, useRef, useState } from "react";

/** A reference for an element, and whether it is within `margin` of the window. */
export function useSight(margin: string): [RefObject<HTMLDivElement | null>, boolean] {
  const element = useRef<HTMLDivElement>(null);
  const [inSight, setInSight] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver((entries) => setInSight(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: margin,
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [margin]);
  return [element, inSight];
}
