//! Text to sentiment label and score.
