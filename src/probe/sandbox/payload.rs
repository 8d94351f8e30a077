//! The smallest program there is to execute: a static ELF file of some 160 bytes that says "I run" and exits.
//!
//! Executing it costs what `exec` itself costs, with no loader, no libraries and no start-up code. It writes one byte to
//! descriptor [`SAYS`] (an error if nobody opened it, which it ignores) and exits with code 0.

/// The descriptor on which the program says that it runs.
pub const SAYS: i32 = 3;
/// The descriptor from which [`waiting`] reads a byte before it ends.
pub const WAITS: i32 = 4;

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const ADDRESS: u64 = 0x40_0000;

/// The file, for this processor; `None` where nobody has written one.
pub fn elf() -> Option<Vec<u8>> {
    with_segments(1)
}

/// The same program, which waits with its end until it is sent a byte on [`WAITS`]. On one processor whoever hears that
/// it runs would else hear it only when it has ended.
pub fn waiting() -> Option<Vec<u8>> {
    file(1, &[SAY, WAIT, END])
}

const SAY: &[u8] = &[
    0xb8, 1, 0, 0, 0, // mov eax, 1 (write)
    0xbf, SAYS as u8, 0, 0, 0, // mov edi, SAYS
    0x48, 0x8d, 0x35, 0xef, 0xff, 0xff, 0xff, // lea rsi, [rip - 17]: the first byte of this code will do
    0xba, 1, 0, 0, 0, // mov edx, 1
    0x0f, 0x05, // syscall
];

const WAIT: &[u8] = &[
    0x31,
    0xc0, // xor eax, eax (read)
    0xbf,
    WAITS as u8,
    0,
    0,
    0, // mov edi, WAITS
    0x48,
    0x89,
    0xe6, // mov rsi, rsp: nobody asks for the number of arguments there
    0xba,
    1,
    0,
    0,
    0, // mov edx, 1
    0x0f,
    0x05, // syscall
];

const END: &[u8] = &[
    0xb8, 60, 0, 0, 0, // mov eax, 60 (exit)
    0x31, 0xff, // xor edi, edi
    0x0f, 0x05, // syscall
];

/// From one segment's address to the next one's.
const APART: u64 = 1 << 16;
/// The most segments that [`with_segments`] can describe within its first page.
pub const MOST_SEGMENTS: u16 = 64;

/// The same program with so many segments, of which it uses the first: each is the file once more.
pub fn with_segments(segments: u16) -> Option<Vec<u8>> {
    file(segments, &[SAY, END])
}

fn file(segments: u16, code: &[&[u8]]) -> Option<Vec<u8>> {
    let (segments, code) = (segments.clamp(1, MOST_SEGMENTS), code.concat());
    let headers = HEADER + PROGRAM_HEADER * usize::from(segments);
    if !cfg!(target_arch = "x86_64") {
        return None;
    }
    let size = (headers + code.len()) as u64;
    let mut file = Vec::with_capacity(size as usize);
    // 64-bit, little-endian, version 1.
    file.extend_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let half = |file: &mut Vec<u8>, value: u16| file.extend_from_slice(&value.to_le_bytes());
    let word = |file: &mut Vec<u8>, value: u32| file.extend_from_slice(&value.to_le_bytes());
    let long = |file: &mut Vec<u8>, value: u64| file.extend_from_slice(&value.to_le_bytes());
    half(&mut file, 2); // executable
    half(&mut file, 62); // x86-64
    word(&mut file, 1);
    long(&mut file, ADDRESS + headers as u64); // entry
    long(&mut file, HEADER as u64); // program headers
    long(&mut file, 0); // no sections
    word(&mut file, 0);
    half(&mut file, HEADER as u16);
    half(&mut file, PROGRAM_HEADER as u16);
    half(&mut file, segments);
    (0..3).for_each(|_| half(&mut file, 0));
    // Each segment is the whole file, loaded, readable and executable.
    for segment in 0..u64::from(segments) {
        let address = ADDRESS + segment * APART;
        word(&mut file, 1);
        word(&mut file, 5);
        long(&mut file, 0);
        long(&mut file, address);
        long(&mut file, address);
        long(&mut file, size);
        long(&mut file, size);
        long(&mut file, 4096);
    }
    file.extend_from_slice(&code);
    Some(file)
}
