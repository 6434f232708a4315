use std::{collections::BTreeSet, path::Path};

use sadp_discovery::{
    capture::{CaptureError, CaptureTally},
    messages::{FileMessage, MessageContent, MessageFile, MessageFileError, Redaction},
};
use sadp_model::RawFields;
use sadp_ops::DiscoveredDevice;
use sadp_proto::{
    DecodeError, Document, Message, Types,
    frame::{Frame, FrameError, Operation},
};
use sadp_text::{count, scan};

use super::{list, record};
use crate::{
    args::{Context, DecodeArgs},
    failure::{Exit, Failure},
    output::{MessageLine, Raw, Shown},
    progress,
    terminal::Terminal,
};

pub(super) fn run(args: &DecodeArgs, mut context: Context<'_>) -> Result<Exit, Failure> {
    if args.messages {
        let checked = context.global.format.check::<MessageLine<'_>>();
        checked.map_err(|failure| failure.hint("or leave --messages out"))?;
    }
    let mut input = read(args, context.terminal)?;
    let broken = input.broken.take();
    if let Some(tally) = &input.capture {
        tell(tally, context.terminal);
    }
    let outcome = if args.messages {
        print_messages(&input, &mut context)
    } else {
        print_devices(input, args, &mut context)
    };
    if let Some(error) = broken {
        let broken = format!("the file {error}; everything before that was read");
        context.terminal.warn(&broken);
    }
    outcome
}

/// Reads the file, and writes its redacted messages where that is wanted.
fn read(args: &DecodeArgs, terminal: &mut Terminal) -> Result<MessageFile, Failure> {
    let out = args.out.as_deref().map(record::create).transpose()?;
    let mut redaction = args.redact.then(|| Redaction::new(out.clone()));
    let reader = progress::read(&args.file, terminal).map_err(MessageFileError::from);
    let input = reader.and_then(|reader| MessageFile::from_reader(reader, redaction.as_mut()));
    let input = input.inspect_err(|_| {
        if let Some(path) = &args.out {
            // It is new and holds nothing.
            let _ = std::fs::remove_file(path);
        }
    });
    let input = input.map_err(|error| failed(error, &args.file))?;
    if let (Some(out), Some(path)) = (out, &args.out) {
        let packets = out.finish();
        let packets = packets.map_err(|error| record::incomplete(error, path))?;
        let packets = count(packets, "message", "messages");
        terminal.note(&format!("{packets} written to {}", path.display()));
    }
    Ok(input)
}

/// Shows what a capture held, and what of it could not be read.
fn tell(tally: &CaptureTally, terminal: &mut Terminal) {
    let datagrams = count(tally.datagrams, "SADP datagram", "SADP datagrams");
    let packets = count(tally.packets, "packet", "packets");
    terminal.note(&format!("{datagrams} in {packets}"));
    if let Some(link) = tally.unknown_link {
        terminal.warn(&format!(
            "packets of link type {link} cannot be read: capture on Ethernet"
        ));
    }
    if tally.incomplete > 0 {
        let datagrams = count(tally.incomplete, "datagram lacks", "datagrams lack");
        terminal.warn(&format!("{datagrams} the rest of the IP fragments"));
    }
    if tally.refused_fragments > 0 {
        let datagrams = count(tally.refused_fragments, "datagram", "datagrams");
        terminal.warn(&format!(
            "{datagrams} in IP fragments not joined: the fragments overlap or never end"
        ));
    }
    if tally.unreadable > 0 {
        let packets = count(tally.unreadable, "packet", "packets");
        terminal.warn(&format!("{packets} of the file cannot be read"));
    }
}

fn print_messages(input: &MessageFile, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let messages = (1..).zip(&input.messages);
    let lines = messages.map(|(number, message)| line(number, message));
    context.print(&lines.collect::<Vec<_>>())?;
    if input.messages.is_empty() {
        return Err(nothing(input.capture.is_some()));
    }
    Ok(Exit::Done)
}

fn line(number: usize, message: &FileMessage) -> MessageLine<'_> {
    let travel = message.travel.as_ref();
    let line = match &message.content {
        MessageContent::Document(document) => document_line(document),
        MessageContent::Frame(frame) => frame_line(frame),
    };
    MessageLine {
        number,
        packet: travel.and_then(|travel| travel.packet),
        at: travel.and_then(|travel| travel.at).map(Shown),
        from: travel.map(|travel| Shown(travel.from)),
        to: travel.map(|travel| Shown(travel.to)),
        ..line
    }
}

fn document_line(document: &Result<Document, DecodeError>) -> MessageLine<'_> {
    let read = document.as_ref().ok();
    let message = read.map(|document| Message::from_document(document.clone()));
    let told = message.as_ref().and_then(|message| message.as_ref().ok());
    let told = told.map(|message| match message {
        Message::Request(it) => (&it.header, "request"),
        Message::Report(it) if it.hello => (&it.header, "hello"),
        Message::Report(it) => (&it.header, "report"),
        Message::Goodbye(it) => (&it.header, "goodbye"),
        Message::CommandReply(it) => (&it.header, "command-reply"),
    });
    let (header, purpose) = told.unzip();
    let error = match (document, &message) {
        (Err(error), _) | (_, Some(Err(error))) => Some(error.to_string()),
        _ => None,
    };
    MessageLine {
        root: read.map(|document| &*document.root),
        message: purpose,
        types: header.map(|header| Types::to_string(&header.types)),
        uuid: header.and_then(|header| header.uuid).map(Shown),
        mac: header.and_then(|header| header.mac).map(Shown),
        complete: read.map(|document| document.complete),
        error,
        fields: read.map(|document| Raw(&document.fields)),
        ..MessageLine::default()
    }
}

/// A frame has no root; its operation stands for `Types`.
fn frame_line(frame: &Result<(Box<Frame>, RawFields), FrameError>) -> MessageLine<'_> {
    match frame {
        Err(error) => MessageLine {
            error: Some(error.to_string()),
            ..MessageLine::default()
        },
        Ok((frame, fields)) => MessageLine {
            message: Some(match frame.operation {
                Operation::INQUIRY => "request",
                Operation::INQUIRY_REPLY => "report",
                Operation::ANNOUNCE => "hello",
                _ => "frame",
            }),
            types: Some(frame.operation.to_string()),
            mac: Some(Shown(frame.sender.mac)),
            complete: Some(frame.intact),
            fields: Some(Raw(fields)),
            ..MessageLine::default()
        },
    }
}

fn print_devices(
    input: MessageFile,
    args: &DecodeArgs,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let is_capture = input.capture.is_some();
    let found = input.devices();
    let (others, unreadable) = (found.others, found.unreadable);
    let devices = DiscoveredDevice::from_file(found.entries);
    let printed = list::print(devices, &args.list, context);
    let terminal = &mut *context.terminal;
    if let Ok(printed @ [_, ..]) = printed.as_deref() {
        terminal.note(&scan::summary(printed));
    }
    if others > 0 {
        let messages = count(others as u64, "message is", "messages are");
        terminal.note(&format!(
            "{messages} about no device: --messages shows them"
        ));
    }
    if !unreadable.is_empty() {
        terminal.warn(&unreadable_line(&unreadable));
    }
    if printed?.is_empty() {
        return Err(if others > 0 {
            Failure::words(Exit::NotFound, "no message is about a device")
                .hint("add --messages to see the messages there are")
        } else if !unreadable.is_empty() {
            Failure::usage("none of the messages can be read").hint("add --messages to see why")
        } else {
            nothing(is_capture)
        });
    }
    Ok(Exit::Done)
}

fn nothing(is_capture: bool) -> Failure {
    let failure = Failure::words(Exit::NotFound, "the file holds no SADP message");
    if is_capture {
        failure.hint("capture while sadpctl scan runs, on the interface that the cameras are on; SADP is UDP on port 37020")
    } else {
        failure
    }
}

fn unreadable_line(unreadable: &[(std::net::IpAddr, DecodeError)]) -> String {
    let reasons = unreadable.iter().map(|(from, error)| match from {
        from if from.is_unspecified() => error.to_string(),
        from => format!("{from}: {error}"),
    });
    let reasons: BTreeSet<_> = reasons.collect();
    let reasons: Vec<_> = reasons.into_iter().take(4).collect();
    let number = count(unreadable.len() as u64, "message", "messages");
    format!("{number} could not be read ({})", reasons.join("; "))
}

/// Why a file gives no messages, and what to do.
fn failed(error: MessageFileError, path: &Path) -> Failure {
    let name = match path.to_str() {
        Some("-") => "standard input".into(),
        _ => path.display().to_string(),
    };
    match error {
        MessageFileError::Read(error) | MessageFileError::Capture(CaptureError::Read(error)) => {
            Failure::unreadable(name, error)
        }
        MessageFileError::Capture(error) => {
            let what = format!("no message could be read from {name}");
            Failure::because(Exit::Usage, what, error)
                .hint("save the capture again, as pcap or pcapng")
        }
        MessageFileError::NotACapture => {
            let message = format!("{name} is no capture: only captures are written with --out");
            Failure::usage(message).hint("leave --out out: what is printed is redacted as well")
        }
        MessageFileError::TooLong => Failure::usage(format!("{name}: {error}"))
            .hint("cut out the part that holds the replies"),
        MessageFileError::NoMessage => {
            let message =
                format!("{name} holds no SADP message: it is neither XML nor a dump nor a capture");
            Failure::usage(message).hint(
                "give a pcap or pcapng capture, replies as XML, or a dump as of tcpdump -X; see sadpctl decode --help",
            )
        }
    }
}
