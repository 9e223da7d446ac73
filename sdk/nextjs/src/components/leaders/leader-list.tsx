"use client";
// All leaders, and what was done to the list.
import { useState } from "react";
import { useText } from "@/i18n/provider";
import type { Leader } from "@/model/leader";
import { LeaderCard } from "./leader-card";
import css from "./leaders.module.css";

export function LeaderList({ leaders, manages }: { leaders: readonly Leader[]; manages: boolean }) {
  const text = useText();
  const [removed, setRemoved] = useState<string>();
  return (
    <>
      <p role="status" className={removed ? css.done : "unseen"}>
        {removed && text("leaders.removed", { name: removed })}
      </p>
      {leaders.length === 0 ? (
        <div className={`card ${css.empty}`}>
          <p>{text("leaders.empty")}</p>
          <p className="fine">{text("leaders.emptyHint")}</p>
        </div>
      ) : (
        <ul className={css.list}>
          {leaders.map((leader) => (
            <LeaderCard key={leader.id} leader={leader} manages={manages} onRemoved={setRemoved} />
          ))}
        </ul>
      )}
    </>
  );
}
