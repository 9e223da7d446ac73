// What stands in the place of the leaders until they are read.
import css from "@/components/leaders/leaders.module.css";

export default function Loading() {
  return (
    <div className={css.page} aria-busy="true">
      <div className={css.list}>
        {[0, 1, 2, 3, 4, 5].map((index) => (
          <div key={index} className="card">
            <div className={`bone ${css.bones}`} />
          </div>
        ))}
      </div>
    </div>
  );
}
