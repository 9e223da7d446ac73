// What stands in the place of the review queue until it is read.
import css from "@/components/review/review.module.css";

export default function Loading() {
  return (
    <div className={css.page} aria-busy="true">
      {[0, 1, 2].map((index) => (
        <div key={index} className="card">
          <div className={`bone ${css.bones}`} />
        </div>
      ))}
    </div>
  );
}
