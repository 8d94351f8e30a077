//! Whose a token, a row, a lane is: one letter for each column, in the order of the columns.
//!
//! The same letter stands in the column's head, on tokens, beads and cards, in the cells of cores, at lanes and rows
//! of bars. Beyond 26 columns a letter is followed by a number: `B3` is the third of the second 26.

use crate::trace::StackId;

/// What the host's own threads are marked with.
pub const HOST: &str = "h";

/// The mark of the column of `stack`: `A` to `Z`, then `A2` to `Z2`, and so on; the host's for what is in no stack, as
/// the services of its boot are.
pub fn letter(stack: StackId) -> String {
    if stack == StackId::NONE {
        return HOST.to_owned();
    }
    let (round, place) = (stack.index() / 26, stack.index() % 26);
    let letter = char::from(b'A' + place as u8);
    if round == 0 { letter.to_string() } else { format!("{letter}{}", round + 1) }
}

/// The column that `mark` stands for, as typed: case does not count.
pub fn stack_of(mark: &str) -> Option<StackId> {
    let mut chars = mark.trim().chars();
    let place = chars.next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase() as usize - usize::from(b'A');
    let round = match chars.as_str() {
        "" => 1,
        number => number.parse::<usize>().ok().filter(|&n| n > 1)?,
    };
    u32::try_from((round - 1).checked_mul(26)? + place).ok().map(StackId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_has_a_mark_of_its_own_that_leads_back_to_it() {
        let marks: std::collections::HashSet<String> = (0..2000).map(|i| letter(StackId(i))).collect();
        assert_eq!(marks.len(), 2000);
        for i in 0..2000 {
            assert_eq!(stack_of(&letter(StackId(i))), Some(StackId(i)));
        }
        assert_eq!(letter(StackId(0)), "A");
        assert_eq!(letter(StackId(27)), "B2");
        assert_eq!(stack_of("b1"), None);
        assert_eq!(letter(StackId::NONE), HOST);
    }
}
